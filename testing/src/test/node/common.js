'use strict';
/* What the clients of all products need. */

// Longer than the clients' own: a busy machine is no disagreement.
const TIMEOUT_MILLIS = 60000;

/** A call that its client reports as failed. */
class Refusal extends Error {
  constructor(code, status, requestId, words) {
    super(words);
    Object.assign(this, { code: code || null, status: status || null, requestId: requestId || null, words });
  }
}

function required(id, where) {
  if (typeof id !== 'string' || id === '') {
    throw new Error(`no request id in ${where}`);
  }
}

/** Lists the fields of an answer that a model does not know, or knows with a value of another type. */
function misfits(value, type, at) {
  if (value === undefined || value === null) {
    return [];
  }
  if (typeof type === 'string') {
    return type === 'any' || typeof value === type ? [] : [`${at} is ${typeof value}, not ${type}`];
  }
  if (type.type === 'array') {
    return Array.isArray(value)
      ? value.flatMap((item) => misfits(item, type.itemType, `${at}[]`))
      : [`${at} is no array`];
  }
  if (typeof type === 'function' && typeof type.types === 'function') {
    const types = type.types();
    const known = new Map(Object.entries(type.names()).map(([field, name]) => [name, types[field]]));
    return Object.entries(value).flatMap(([name, field]) =>
      known.has(name) ? misfits(field, known.get(name), `${at}.${name}`) : [`${at}.${name} is unknown`]);
  }
  return [];
}

/** Calls with @alicloud/pop-core, whose answer is the JSON itself. */
async function popCall(client, action, given, method) {
  let answer;
  try {
    answer = await client.request(action, given, { method, timeout: TIMEOUT_MILLIS });
  } catch (e) {
    const data = e.data || {};
    const status = e.entry && e.entry.response.statusCode;
    throw new Refusal(data.Code, status, data.RequestId, `${e.name} ${e.code || ''}`.trim());
  }
  required(answer.RequestId, 'the body');
  return answer;
}

module.exports = { TIMEOUT_MILLIS, Refusal, required, misfits, popCall };
