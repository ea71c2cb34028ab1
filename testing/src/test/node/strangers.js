'use strict';
/*
 * Alibaba Cloud's own Node clients, for the Java program that drives them: one request per line on standard input, one
 * answer per line on standard output, both JSON. The names in them are those of Wire.java.
 *
 *   node strangers.js FOLDER        FOLDER holds the node_modules with the packages of package.json
 */
const path = require('path');
const readline = require('readline');
const { createRequire } = require('module');

const { TIMEOUT_MILLIS, Refusal, required, misfits, popCall } = require('./common.js');
const eciKinds = require('./eci.js');

const load = createRequire(path.join(path.resolve(process.argv[2]), 'package.json'));
const ecs = load('@alicloud/ecs20140526');
const { $OpenApiUtil } = load('@alicloud/openapi-core');
const PopCore = load('@alicloud/pop-core');

/** @alicloud/ecs20140526: answers are read by its models. */
class Ecs {
  constructor(access, signatureAlgorithm) {
    this.region = access.region;
    this.found = new Set();
    this.client = new ecs.default(new $OpenApiUtil.Config({
      accessKeyId: access.keyId,
      accessKeySecret: access.secret,
      securityToken: access.token || undefined,
      regionId: access.region,
      endpoint: access.host,
      protocol: 'http',
      readTimeout: TIMEOUT_MILLIS,
      connectTimeout: TIMEOUT_MILLIS,
      signatureAlgorithm,
    }));
    // The models keep only what they know; this sees the answer before it becomes one.
    const callApi = this.client.callApi.bind(this.client);
    this.client.callApi = async (params, ...rest) => {
      const answer = await callApi(params, ...rest);
      misfits(answer.body, ecs[params.action + 'ResponseBody'], params.action).forEach((one) => this.found.add(one));
      return answer;
    };
  }

  async call(name, request) {
    const Model = ecs[name + 'Request'];
    const given = Object.assign({}, Model.names().regionId ? { regionId: this.region } : {}, request);
    let answer;
    try {
      answer = await this.client[name[0].toLowerCase() + name.slice(1)](new Model(given));
    } catch (e) {
      const api = e.data && e.data.Code;
      throw new Refusal(api, e.statusCode, e.requestId || (e.data && e.data.RequestId), `${e.name} ${e.code || ''}`.trim());
    }
    required(answer.body.requestId, 'the body');
    if (answer.headers['x-acs-request-id'] !== answer.body.requestId) {
      throw new Error(`request id ${answer.headers['x-acs-request-id']} in the headers, another one in the body`);
    }
    return answer.body;
  }

  tagsOf(Model, tags) {
    return Object.entries(tags).map(([key, value]) => new Model({ key, value }));
  }

  async create(c) {
    const body = await this.call('RunInstances', {
      instanceType: c.type,
      imageId: c.image,
      securityGroupId: c.group,
      zoneId: c.zone,
      vSwitchId: c.vSwitch,
      amount: c.amount,
      minAmount: c.minimum,
      clientToken: c.token,
      spotStrategy: 'SpotWithPriceLimit',
      spotPriceLimit: c.limit,
      spotDuration: 1,
      autoReleaseTime: c.cap,
      userData: c.userData,
      dryRun: c.dryRun ? true : undefined,
      tag: this.tagsOf(ecs.RunInstancesRequestTag, c.tags),
    });
    return { ids: body.instanceIdSets.instanceIdSet };
  }

  async describe(q) {
    const body = await this.call('DescribeInstances', {
      instanceIds: q.ids.length ? JSON.stringify(q.ids) : undefined,
      maxResults: q.rows,
      nextToken: q.next,
      tag: this.tagsOf(ecs.DescribeInstancesRequestTag, q.tags),
    });
    return {
      total: body.totalCount,
      next: body.nextToken,
      rows: body.instances.instance.map((row) => ({
        id: row.instanceId,
        name: row.instanceName,
        host: row.hostName,
        status: row.status,
        region: row.regionId,
        zone: row.zoneId,
        type: row.instanceType,
        family: row.instanceTypeFamily,
        vcpus: row.cpu,
        memoryMib: row.memory,
        gpus: row.GPUAmount,
        charge: row.instanceChargeType,
        network: row.instanceNetworkType,
        image: row.imageId,
        ioOptimized: row.ioOptimized,
        created: row.creationTime,
        started: row.startTime,
        cap: row.autoReleaseTime,
        strategy: row.spotStrategy,
        duration: row.spotDuration,
        limit: row.spotPriceLimit,
        interruption: row.spotInterruptionBehavior,
        isProtected: row.deletionProtection,
        recyclable: row.recyclable,
        groups: row.securityGroupIds.securityGroupId,
        vSwitch: row.vpcAttributes.vSwitchId,
        addresses: row.vpcAttributes.privateIpAddress.ipAddress,
        publicAddresses: row.publicIpAddress.ipAddress,
        elasticAddress: row.eipAddress.ipAddress,
        locks: row.operationLocks.lockReason.map((lock) => lock.lockReason),
        tags: Object.fromEntries(row.tags.tag.map((tag) => [tag.tagKey, tag.tagValue])),
      })),
    };
  }

  async delete(d) {
    await this.call('DeleteInstances', { instanceId: d.ids, force: d.force, clientToken: d.token });
    return {};
  }

  async cap(c) {
    await this.call('ModifyInstanceAutoReleaseTime', { instanceId: c.id, autoReleaseTime: c.time });
    return {};
  }

  async console(q) {
    const body = await this.call('GetInstanceConsoleOutput', { instanceId: q.id });
    return { id: body.instanceId, time: body.lastUpdateTime, output: body.consoleOutput };
  }

  async tag(t) {
    await this.call('TagResources', {
      resourceType: 'instance',
      resourceId: t.ids,
      tag: this.tagsOf(ecs.TagResourcesRequestTag, t.tags),
    });
    return {};
  }

  async untag(t) {
    await this.call('UntagResources', { resourceType: 'instance', resourceId: t.ids, tagKey: t.keys, all: t.all });
    return {};
  }

  async tags(q) {
    const body = await this.call('ListTagResources', {
      resourceType: 'instance',
      resourceId: q.ids,
      nextToken: q.next,
      tag: this.tagsOf(ecs.ListTagResourcesRequestTag, q.tags),
    });
    return {
      next: body.nextToken,
      rows: body.tagResources.tagResource.map((row) => ({
        id: row.resourceId,
        kind: row.resourceType,
        key: row.tagKey,
        value: row.tagValue,
      })),
    };
  }

  async prices(offer) {
    const body = await this.call('DescribeSpotPriceHistory', {
      instanceType: offer.type,
      networkType: 'vpc',
      ioOptimized: 'optimized',
      spotDuration: 1,
    });
    return {
      currency: body.currency,
      nextOffset: body.nextOffset,
      rows: body.spotPrices.spotPriceType.map((row) => ({
        zone: row.zoneId,
        type: row.instanceType,
        optimized: row.ioOptimized,
        network: row.networkType,
        time: row.timestamp,
        spot: row.spotPrice,
        list: row.originPrice,
      })),
    };
  }

  async quote(offer) {
    const body = await this.call('DescribePrice', {
      resourceType: 'instance',
      instanceType: offer.type,
      zoneId: offer.zone,
      spotStrategy: 'SpotAsPriceGo',
      spotDuration: 1,
      priceUnit: 'Hour',
      period: 1,
      amount: 2,
    });
    const { price } = body.priceInfo;
    return { currency: price.currency, list: price.originalPrice, discount: price.discountPrice, trade: price.tradePrice };
  }

  async stocks(type) {
    const body = await this.call('DescribeAvailableResource', {
      destinationResource: 'InstanceType',
      instanceType: type,
      ioOptimized: 'optimized',
      spotStrategy: 'SpotAsPriceGo',
      spotDuration: 1,
    });
    return {
      rows: body.availableZones.availableZone.flatMap((zone) =>
        zone.availableResources.availableResource.flatMap((resource) =>
          resource.supportedResources.supportedResource.map((row) => ({
            zone: zone.zoneId,
            zoneStatus: zone.status,
            type: row.value,
            status: row.status,
            category: row.statusCategory,
          })))),
    };
  }

  async types(q) {
    const body = await this.call('DescribeInstanceTypes', { maxResults: q.rows, nextToken: q.next });
    return {
      next: body.nextToken,
      rows: body.instanceTypes.instanceType.map((row) => ({
        name: row.instanceTypeId,
        family: row.instanceTypeFamily,
        level: row.instanceFamilyLevel,
        vcpus: row.cpuCoreCount,
        memoryGib: row.memorySize,
        architecture: row.cpuArchitecture,
        gpus: row.GPUAmount,
        gpu: row.GPUSpec,
      })),
    };
  }

  async advices(type) {
    const body = await this.call('DescribeSpotAdvice', { instanceTypes: [type] });
    return {
      rows: body.availableSpotZones.availableSpotZone.flatMap((zone) =>
        zone.availableSpotResources.availableSpotResource.map((row) => ({
          zone: zone.zoneId,
          type: row.instanceType,
          rate: row.interruptionRate,
          band: row.interruptRateDesc,
          discount: row.averageSpotDiscount,
        }))),
    };
  }

  async zones() {
    const body = await this.call('DescribeZones', {});
    return {
      rows: body.zones.zone.map((row) => ({
        id: row.zoneId,
        types: row.availableInstanceTypes.instanceTypes,
        disks: row.availableDiskCategories.diskCategories,
      })),
    };
  }

  async misfits() {
    return { fields: [...this.found] };
  }
}

/** @alicloud/pop-core: it has no models, so what is read here is the JSON itself. */
class Pop {
  constructor(access, method) {
    this.method = method;
    this.region = access.region;
    this.client = new PopCore.RPCClient({
      accessKeyId: access.keyId,
      accessKeySecret: access.secret,
      securityToken: access.token || undefined,
      endpoint: `http://${access.host}`,
      apiVersion: '2014-05-26',
    });
  }

  async call(action, params) {
    const given = { RegionId: this.region };
    Object.entries(params).filter(([, value]) => value !== undefined && value !== null)
      .forEach(([name, value]) => { given[name] = value; });
    return popCall(this.client, action, given, this.method);
  }

  pairs(tags) {
    return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  }

  async create(c) {
    const body = await this.call('RunInstances', {
      InstanceType: c.type,
      ImageId: c.image,
      SecurityGroupId: c.group,
      ZoneId: c.zone,
      VSwitchId: c.vSwitch,
      Amount: c.amount,
      MinAmount: c.minimum,
      ClientToken: c.token,
      SpotStrategy: 'SpotWithPriceLimit',
      SpotPriceLimit: c.limit,
      SpotDuration: 1,
      AutoReleaseTime: c.cap,
      UserData: c.userData,
      DryRun: c.dryRun ? true : undefined,
      Tag: this.pairs(c.tags),
    });
    return { ids: body.InstanceIdSets.InstanceIdSet };
  }

  async describe(q) {
    const body = await this.call('DescribeInstances', {
      InstanceIds: q.ids.length ? JSON.stringify(q.ids) : undefined,
      MaxResults: q.rows,
      NextToken: q.next,
      Tag: this.pairs(q.tags),
    });
    return {
      total: body.TotalCount,
      next: body.NextToken,
      rows: body.Instances.Instance.map((row) => ({
        id: row.InstanceId,
        name: row.InstanceName,
        host: row.HostName,
        status: row.Status,
        region: row.RegionId,
        zone: row.ZoneId,
        type: row.InstanceType,
        family: row.InstanceTypeFamily,
        vcpus: row.Cpu,
        memoryMib: row.Memory,
        gpus: row.GPUAmount,
        charge: row.InstanceChargeType,
        network: row.InstanceNetworkType,
        image: row.ImageId,
        ioOptimized: row.IoOptimized,
        created: row.CreationTime,
        started: row.StartTime,
        cap: row.AutoReleaseTime,
        strategy: row.SpotStrategy,
        duration: row.SpotDuration,
        limit: row.SpotPriceLimit,
        interruption: row.SpotInterruptionBehavior,
        isProtected: row.DeletionProtection,
        recyclable: row.Recyclable,
        groups: row.SecurityGroupIds.SecurityGroupId,
        vSwitch: row.VpcAttributes.VSwitchId,
        addresses: row.VpcAttributes.PrivateIpAddress.IpAddress,
        publicAddresses: row.PublicIpAddress.IpAddress,
        elasticAddress: row.EipAddress.IpAddress,
        locks: row.OperationLocks.LockReason.map((lock) => lock.LockReason),
        tags: Object.fromEntries(row.Tags.Tag.map((tag) => [tag.TagKey, tag.TagValue])),
      })),
    };
  }

  async delete(d) {
    await this.call('DeleteInstances', { InstanceId: d.ids, Force: d.force, ClientToken: d.token });
    return {};
  }

  async cap(c) {
    await this.call('ModifyInstanceAutoReleaseTime', { InstanceId: c.id, AutoReleaseTime: c.time });
    return {};
  }

  async console(q) {
    const body = await this.call('GetInstanceConsoleOutput', { InstanceId: q.id });
    return { id: body.InstanceId, time: body.LastUpdateTime, output: body.ConsoleOutput };
  }

  async tag(t) {
    await this.call('TagResources', { ResourceType: 'instance', ResourceId: t.ids, Tag: this.pairs(t.tags) });
    return {};
  }

  async untag(t) {
    await this.call('UntagResources', { ResourceType: 'instance', ResourceId: t.ids, TagKey: t.keys, All: t.all });
    return {};
  }

  async tags(q) {
    const body = await this.call('ListTagResources', {
      ResourceType: 'instance',
      ResourceId: q.ids,
      NextToken: q.next,
      Tag: this.pairs(q.tags),
    });
    return {
      next: body.NextToken,
      rows: body.TagResources.TagResource.map((row) => ({
        id: row.ResourceId,
        kind: row.ResourceType,
        key: row.TagKey,
        value: row.TagValue,
      })),
    };
  }

  async prices(offer) {
    const body = await this.call('DescribeSpotPriceHistory', {
      InstanceType: offer.type,
      NetworkType: 'vpc',
      IoOptimized: 'optimized',
      SpotDuration: 1,
    });
    return {
      currency: body.Currency,
      nextOffset: body.NextOffset,
      rows: body.SpotPrices.SpotPriceType.map((row) => ({
        zone: row.ZoneId,
        type: row.InstanceType,
        optimized: row.IoOptimized,
        network: row.NetworkType,
        time: row.Timestamp,
        spot: row.SpotPrice,
        list: row.OriginPrice,
      })),
    };
  }

  async quote(offer) {
    const body = await this.call('DescribePrice', {
      ResourceType: 'instance',
      InstanceType: offer.type,
      ZoneId: offer.zone,
      SpotStrategy: 'SpotAsPriceGo',
      SpotDuration: 1,
      PriceUnit: 'Hour',
      Period: 1,
      Amount: 2,
    });
    const price = body.PriceInfo.Price;
    return { currency: price.Currency, list: price.OriginalPrice, discount: price.DiscountPrice, trade: price.TradePrice };
  }

  async stocks(type) {
    const body = await this.call('DescribeAvailableResource', {
      DestinationResource: 'InstanceType',
      InstanceType: type,
      IoOptimized: 'optimized',
      SpotStrategy: 'SpotAsPriceGo',
      SpotDuration: 1,
    });
    return {
      rows: body.AvailableZones.AvailableZone.flatMap((zone) =>
        zone.AvailableResources.AvailableResource.flatMap((resource) =>
          resource.SupportedResources.SupportedResource.map((row) => ({
            zone: zone.ZoneId,
            zoneStatus: zone.Status,
            type: row.Value,
            status: row.Status,
            category: row.StatusCategory,
          })))),
    };
  }

  async types(q) {
    const body = await this.call('DescribeInstanceTypes', { MaxResults: q.rows, NextToken: q.next });
    return {
      next: body.NextToken,
      rows: body.InstanceTypes.InstanceType.map((row) => ({
        name: row.InstanceTypeId,
        family: row.InstanceTypeFamily,
        level: row.InstanceFamilyLevel,
        vcpus: row.CpuCoreCount,
        memoryGib: row.MemorySize,
        architecture: row.CpuArchitecture,
        gpus: row.GPUAmount,
        gpu: row.GPUSpec,
      })),
    };
  }

  async advices(type) {
    const body = await this.call('DescribeSpotAdvice', { InstanceTypes: [type] });
    return {
      rows: body.AvailableSpotZones.AvailableSpotZone.flatMap((zone) =>
        zone.AvailableSpotResources.AvailableSpotResource.map((row) => ({
          zone: zone.ZoneId,
          type: row.InstanceType,
          rate: row.InterruptionRate,
          band: row.InterruptRateDesc,
          discount: row.AverageSpotDiscount,
        }))),
    };
  }

  async zones() {
    const body = await this.call('DescribeZones', {});
    return {
      rows: body.Zones.Zone.map((row) => ({
        id: row.ZoneId,
        types: row.AvailableInstanceTypes.InstanceTypes,
        disks: row.AvailableDiskCategories.DiskCategories,
      })),
    };
  }

  async misfits() {
    return null;
  }
}

const KINDS = {
  'ecs-v3': (access) => new Ecs(access),
  'ecs-v1': (access) => new Ecs(access, 'v2'),
  'pop-get': (access) => new Pop(access, 'GET'),
  'pop-post': (access) => new Pop(access, 'POST'),
  ...eciKinds(load),
};
const clients = new Map();

async function answer(line) {
  const { client, kind, access, call, given } = JSON.parse(line);
  if (call === 'open') {
    clients.set(client, KINDS[kind](access));
    return { result: {} };
  }
  if (call === 'close') {
    clients.delete(client);
    return { result: {} };
  }
  try {
    return { result: await clients.get(client)[call](given) };
  } catch (e) {
    if (e instanceof Refusal) {
      return { refusal: { code: e.code, status: e.status, requestId: e.requestId, words: e.words } };
    }
    return { defect: String(e.stack || e) };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(line)) + '\n');
  }
  // Kept-alive connections would keep the process, too.
  process.exit(0);
}

main();
