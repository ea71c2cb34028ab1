'use strict';
/*
 * Clients of ECI, for strangers.js. Parameters have the API's own names here; answers are read by the fields of the
 * package's models. The names of calls and of what they give are those of EciWire.java.
 */
const { TIMEOUT_MILLIS, Refusal, required, misfits, popCall } = require('./common.js');

const VERSION = '2018-08-08';
const COMMAND_MILLIS = 30000;

// Fields that the API has got since this package was made: alibabacloud-go/eci-20180808 3.1.1 has them.
const NEWER = ['DescribeRegions.Regions[].UnavailableZones is unknown'];

/** Leaves out what is not given. */
function given(params) {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined && value !== null));
}

function pairs(map) {
  return Object.entries(map).map(([Key, Value]) => ({ Key, Value }));
}

/** Names nested parameters as they stand in a request: Container.1.Command.2. */
function flatten(value, at = '') {
  if (value === null || typeof value !== 'object') {
    return { [at]: value };
  }
  return Object.assign({}, ...Object.entries(value).map(([key, field]) =>
    flatten(field, (at && `${at}.`) + (Array.isArray(value) ? Number(key) + 1 : key))));
}

/** Names fields as the models do. */
function camel(value) {
  if (Array.isArray(value)) {
    return value.map(camel);
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name[0].toLowerCase() + name.slice(1), camel(field)]));
}

const capital = (name) => name[0].toUpperCase() + name.slice(1);

/** The calls. Subclasses tell how one is made: call(action, params) gives the body, usage() the map. */
class Eci {
  constructor(access, WebSocket) {
    this.region = access.region;
    this.WebSocket = WebSocket;
  }

  async create(c) {
    const body = await this.call('CreateContainerGroup', given({
      ContainerGroupName: c.name,
      ZoneId: c.zone,
      VSwitchId: c.vSwitch,
      SecurityGroupId: c.group,
      Cpu: c.vcpus,
      Memory: c.memoryGib,
      InstanceType: c.type,
      SpotStrategy: c.strategy,
      SpotPriceLimit: c.limit,
      RestartPolicy: 'Never',
      ClientToken: c.token,
      AutoMatchImageCache: c.cached,
      ActiveDeadlineSeconds: 36000,
      DryRun: c.dryRun || undefined,
      Tag: pairs(c.tags),
      Container: c.containers.map((one) => ({
        Name: one.name,
        Image: one.image,
        Command: one.command,
        Arg: one.args,
        EnvironmentVar: pairs(one.environment),
        VolumeMount: [{ Name: 'files', MountPath: '/strangers', ReadOnly: true }],
      })),
      Volume: [{
        Name: 'files',
        Type: 'ConfigFileVolume',
        ConfigFileVolume: {
          DefaultMode: 420,
          ConfigFileToPath: c.files.map((file) => ({ Path: file.path, Content: file.content, Mode: file.mode })),
        },
      }],
      ImageRegistryCredential: c.login
        ? [{ Server: c.login.server, UserName: c.login.user, Password: c.login.password }]
        : undefined,
    }));
    return { id: body.containerGroupId };
  }

  groups(q) {
    return this.call('DescribeContainerGroups', given({
      ContainerGroupIds: q.ids.length ? JSON.stringify(q.ids) : undefined,
      Status: q.status,
      Limit: q.limit,
      NextToken: q.next,
      WithEvent: q.events,
      Tag: pairs(q.tags),
    }));
  }

  async describe(q) {
    const body = await this.groups(q);
    return {
      total: body.totalCount,
      next: body.nextToken,
      rows: body.containerGroups.map((row) => ({
        id: row.containerGroupId,
        name: row.containerGroupName,
        region: row.regionId,
        zone: row.zoneId,
        vSwitch: row.vSwitchId,
        group: row.securityGroupId,
        status: row.status,
        vcpus: row.cpu,
        memoryGib: row.memory,
        restarts: row.restartPolicy,
        address: row.intranetIp,
        card: row.eniInstanceId,
        created: row.creationTime,
        succeeded: row.succeededTime,
        tags: Object.fromEntries(row.tags.map((tag) => [tag.key, tag.value])),
        containers: row.containers.map((one) => ({
          name: one.name,
          image: one.image,
          vcpus: one.cpu,
          memoryGib: one.memory,
          restarts: one.restartCount,
          pullPolicy: one.imagePullPolicy,
          folder: one.workingDir,
          command: one.commands,
          args: one.args,
          environment: Object.fromEntries(one.environmentVars.map((variable) => [variable.key, variable.value])),
          mounts: one.volumeMounts.map((mount) => ({
            name: mount.name,
            path: mount.mountPath,
            readOnly: mount.readOnly,
            subPath: mount.subPath,
          })),
          state: {
            state: one.currentState.state,
            detail: one.currentState.detailStatus,
            exitCode: one.currentState.exitCode,
            started: one.currentState.startTime,
            finished: one.currentState.finishTime,
          },
        })),
        events: row.events.map((event) => ({
          count: event.count,
          type: event.type,
          name: event.name,
          reason: event.reason,
          message: event.message,
          first: event.firstTimestamp,
          last: event.lastTimestamp,
        })),
        volumes: row.volumes.map((volume) => ({
          name: volume.name,
          type: volume.type,
          files: Object.fromEntries(volume.configFileVolumeConfigFileToPaths.map((file) => [file.path, file.content])),
        })),
      })),
    };
  }

  async details(q) {
    const body = await this.groups(q);
    return {
      rows: body.containerGroups.map((row) => ({
        id: row.containerGroupId,
        vpc: row.vpcId,
        type: row.instanceType,
        strategy: row.spotStrategy,
        limit: row.spotPriceLimit,
        ephemeralGib: row.ephemeralStorage,
        failed: row.failedTime,
        expired: row.expiredTime,
        ready: row.containers.map((one) => one.ready),
        reasons: row.containers.map((one) => ({
          reason: one.currentState.reason,
          message: one.currentState.message,
          signal: one.currentState.signal,
        })),
      })),
    };
  }

  async statuses(id) {
    const body = await this.call('DescribeContainerGroupStatus', { ContainerGroupIds: JSON.stringify([id]) });
    return {
      rows: body.data.map((row) => ({
        id: row.containerGroupId,
        status: row.status,
        phase: row.podStatus.phase,
        conditions: row.podStatus.conditions.map((condition) => ({
          type: condition.type,
          status: condition.status,
          reason: condition.reason,
          message: condition.message,
        })),
        containers: row.podStatus.containerStatuses.map((one) =>
          `${one.name} ${capital(Object.entries(one.state).find(([, state]) => state !== undefined)[0])}`),
      })),
    };
  }

  async history(id) {
    const body = await this.call('DescribeContainerGroupEvents', { ContainerGroupIds: JSON.stringify([id]) });
    return {
      rows: body.data.flatMap((row) => row.events.map((event) => ({
        id: row.containerGroupId,
        type: event.type,
        reason: event.reason,
        message: event.message,
        count: event.count,
        source: event.source.component,
      }))),
    };
  }

  async delete(d) {
    await this.call('DeleteContainerGroup', given({
      ContainerGroupId: d.id,
      ClientToken: d.token,
      Force: d.force || undefined,
    }));
    return {};
  }

  async run(c) {
    const body = await this.call('ExecContainerCommand', {
      ContainerGroupId: c.id,
      ContainerName: c.container,
      Command: JSON.stringify(c.command),
      TTY: false,
      Stdin: c.input !== null,
      Sync: c.sync,
    });
    return { text: c.sync ? body.syncResponse : await this.exchange(body.webSocketUri, c.input) };
  }

  /** Gives all text that comes until the close frame. */
  exchange(uri, input) {
    return new Promise((resolve, reject) => {
      const socket = new this.WebSocket(uri);
      const timer = setTimeout(() => {
        socket.terminate();
        reject(new Error('a command did not end'));
      }, COMMAND_MILLIS);
      const messages = [];
      socket.on('open', () => {
        if (input !== null) {
          socket.send(input);
        }
      });
      socket.on('message', (data, binary) => messages.push(binary ? '(binary)' : data.toString('utf8')));
      socket.on('error', (e) => {
        clearTimeout(timer);
        reject(e);
      });
      socket.on('close', (status) => {
        clearTimeout(timer);
        if (status === 1000) {
          resolve(messages.join(''));
        } else {
          reject(new Error(`the WebSocket was closed with ${status}`));
        }
      });
    });
  }

  async log(q) {
    const body = await this.call('DescribeContainerLog', given({
      ContainerGroupId: q.id,
      ContainerName: q.container,
      Tail: q.tail,
      LimitBytes: q.bytes,
      Timestamps: q.timestamps,
    }));
    return { container: body.containerName, content: body.content };
  }

  async tag(t) {
    await this.call('TagResources', { ResourceType: 'ContainerGroup', ResourceId: t.ids, Tag: pairs(t.tags) });
    return {};
  }

  async untag(t) {
    await this.call('UntagResources', { ResourceType: 'ContainerGroup', ResourceId: t.ids, TagKey: t.keys, All: t.all });
    return {};
  }

  async tags(q) {
    const body = await this.call('ListTagResources', given({
      ResourceType: 'ContainerGroup',
      ResourceId: q.ids,
      NextToken: q.next,
      Tag: pairs(q.tags),
    }));
    return {
      next: body.nextToken,
      rows: body.tagResources.map((row) => ({
        id: row.resourceId,
        kind: row.resourceType,
        key: row.tagKey,
        value: row.tagValue,
      })),
    };
  }

  async price(offer) {
    const body = await this.call('DescribeContainerGroupPrice', given({
      Cpu: offer.vcpus,
      Memory: offer.memoryGib,
      InstanceType: offer.type,
      SpotStrategy: offer.strategy,
    }));
    return body.priceInfo;
  }

  async quote(offer) {
    const { price } = await this.price(offer);
    return {
      currency: price.currency,
      list: price.originalPrice,
      discount: price.discountPrice,
      trade: price.tradePrice,
      parts: price.detailInfos.detailInfo.map((part) => ({
        resource: part.resource,
        list: part.originalPrice,
        trade: part.tradePrice,
      })),
    };
  }

  async spotPrices(offer) {
    const { spotPrices } = await this.price(offer);
    return {
      rows: spotPrices.spotPrice.map((row) => ({
        zone: row.zoneId,
        type: row.instanceType,
        list: row.originPrice,
        spot: row.spotPrice,
      })),
    };
  }

  async stocks(type) {
    const body = await this.call('DescribeAvailableResource', {
      DestinationResource: { Category: 'InstanceType', Value: type },
      SpotResource: { SpotStrategy: 'SpotAsPriceGo' },
    });
    return {
      rows: body.availableZones.availableZone.flatMap((zone) =>
        zone.availableResources.availableResource.flatMap((resource) =>
          resource.supportedResources.supportedResource.map((row) => ({
            zone: zone.zoneId,
            kind: resource.type,
            value: row.value,
            category: row.statusCategory,
          })))),
    };
  }

  async regions() {
    const body = await this.call('DescribeRegions', {});
    return { rows: body.regions.map((row) => ({ id: row.regionId, endpoint: row.regionEndpoint, zones: row.zones })) };
  }

  async createCache(c) {
    const body = await this.call('CreateImageCache', {
      ImageCacheName: c.name,
      Image: c.images,
      VSwitchId: c.vSwitch,
      SecurityGroupId: c.group,
    });
    return { id: body.imageCacheId, group: body.containerGroupId };
  }

  async caches(q) {
    const body = await this.call('DescribeImageCaches', given({ ImageCacheId: q.id }));
    return {
      rows: body.imageCaches.map((row) => ({
        id: row.imageCacheId,
        name: row.imageCacheName,
        group: row.containerGroupId,
        snapshot: row.snapshotId,
        status: row.status,
        progress: row.progress,
        images: row.images,
      })),
    };
  }

  async deleteCache(id) {
    await this.call('DeleteImageCache', { ImageCacheId: id });
    return {};
  }
}

module.exports = (load) => {
  const eci = load('@alicloud/eci20180808');
  const OpenApi = load('@alicloud/openapi-client');
  const { RuntimeOptions } = load('@alicloud/tea-util');
  const PopCore = load('@alicloud/pop-core');
  const WebSocket = load('ws');

  /** Whether a model has a field for each parameter. */
  function knows(type, params) {
    if (Array.isArray(params)) {
      return params.every((one) => knows(type.itemType, one));
    }
    if (params === null || typeof params !== 'object') {
      return true;
    }
    const fields = new Map(Object.entries(type.names()).map(([field, name]) => [name, field]));
    return Object.entries(params).every(([name, value]) =>
      fields.has(name) && knows(type.types()[fields.get(name)], value));
  }

  /** Makes a model of parameters. */
  function model(type, params) {
    if (Array.isArray(params)) {
      return params.map((one) => model(type.itemType, one));
    }
    if (params === null || typeof params !== 'object') {
      return params;
    }
    const types = type.types();
    const Model = type;
    return new Model(Object.fromEntries(Object.entries(type.names())
      .filter(([, name]) => params[name] !== undefined)
      .map(([field, name]) => [field, model(types[field], params[name])])));
  }

  /** @alicloud/eci20180808: answers are read by its models. What it has no model for goes by its generic call. */
  class Models extends Eci {
    constructor(access, signatureAlgorithm) {
      super(access, WebSocket);
      this.found = new Set();
      this.client = new eci.default(new OpenApi.Config({
        accessKeyId: access.keyId,
        accessKeySecret: access.secret,
        securityToken: access.token || undefined,
        regionId: access.region,
        endpoint: access.host,
        protocol: 'http',
        signatureAlgorithm,
      }));
      // The models keep only what they know; this sees the answer before it becomes one.
      const callApi = this.client.callApi.bind(this.client);
      this.client.callApi = async (params, ...rest) => {
        const answer = await callApi(params, ...rest);
        const Body = eci[params.action + 'ResponseBody'];
        if (Body) {
          misfits(answer.body, Body, params.action).filter((one) => !NEWER.includes(one))
            .forEach((one) => this.found.add(one));
        }
        return answer;
      };
    }

    async call(action, params) {
      const Request = eci[action + 'Request'];
      const all = { RegionId: this.region, ...params };
      const options = new RuntimeOptions({ readTimeout: TIMEOUT_MILLIS, connectTimeout: TIMEOUT_MILLIS });
      let body;
      try {
        if (Request && knows(Request, all)) {
          const name = action[0].toLowerCase() + action.slice(1) + 'WithOptions';
          ({ body } = await this.client[name](model(Request, all), options));
        } else {
          body = camel((await this.generic(action, all, options)).body);
        }
      } catch (e) {
        const data = e.data || {};
        throw new Refusal(data.Code, data.statusCode, data.RequestId, `${e.name} ${e.code || ''}`.trim());
      }
      required(body.requestId, 'the body');
      return body;
    }

    generic(action, params, options) {
      return this.client.callApi(
        new OpenApi.Params({
          action,
          version: VERSION,
          protocol: 'HTTPS',
          pathname: '/',
          method: 'POST',
          authType: 'AK',
          style: 'RPC',
          reqBodyType: 'formData',
          bodyType: 'json',
        }),
        new OpenApi.OpenApiRequest({ query: flatten(params) }),
        options);
    }

    async usage() {
      return { values: (await this.call('ListUsage', {})).attributes };
    }

    async misfits() {
      return { fields: [...this.found] };
    }
  }

  /** @alicloud/pop-core: it has no models. */
  class Pop extends Eci {
    constructor(access, method) {
      super(access, WebSocket);
      this.method = method;
      this.client = new PopCore.RPCClient({
        accessKeyId: access.keyId,
        accessKeySecret: access.secret,
        securityToken: access.token || undefined,
        endpoint: `http://${access.host}`,
        apiVersion: VERSION,
      });
    }

    json(action, params) {
      return popCall(this.client, action, flatten({ RegionId: this.region, ...params }), this.method);
    }

    async call(action, params) {
      return camel(await this.json(action, params));
    }

    async usage() {
      return { values: (await this.json('ListUsage', {})).Attributes };
    }

    async misfits() {
      return null;
    }
  }

  return {
    'eci-v3': (access) => new Models(access),
    'eci-v1': (access) => new Models(access, 'v2'),
    'eci-pop-get': (access) => new Pop(access, 'GET'),
    'eci-pop-post': (access) => new Pop(access, 'POST'),
  };
};
