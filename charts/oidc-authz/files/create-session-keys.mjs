// Creates the Secret with the session keys, with one random key. An existing Secret stays as it is.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';

const [namespace, name, key, labels, folder = '/var/run/secrets/kubernetes.io/serviceaccount'] =
  process.argv.slice(1);
const read = (file) => readFileSync(`${folder}/${file}`, 'utf8');
const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  metadata: { name, namespace, labels: JSON.parse(labels) },
  stringData: { [key]: `${randomBytes(32).toString('base64')}\n` },
};

const request = https.request({
  host: process.env.KUBERNETES_SERVICE_HOST,
  port: process.env.KUBERNETES_SERVICE_PORT,
  path: `/api/v1/namespaces/${namespace}/secrets`,
  method: 'POST',
  ca: read('ca.crt'),
  headers: { authorization: `Bearer ${read('token').trim()}`, 'content-type': 'application/json' },
  timeout: 20_000,
});
const fail = (problem) => {
  console.error(`the Secret ${namespace}/${name} was not created: ${problem}`);
  process.exitCode = 1;
};
request.on('timeout', () => request.destroy(new Error('the API server did not answer within 20 s')));
request.on('error', ({ message }) => fail(message));
request.on('response', (response) => {
  const chunks = [];
  response.on('data', (chunk) => chunks.push(chunk));
  response.on('end', () => {
    const status = response.statusCode;
    if (status === 201) console.log(`created the Secret ${namespace}/${name}`);
    else if (status === 409) console.log(`the Secret ${namespace}/${name} exists; it was not changed`);
    // The answer to a failed request does not repeat the Secret.
    else fail(`the API server answered ${status}: ${Buffer.concat(chunks).toString().slice(0, 500)}`);
  });
});
request.end(JSON.stringify(secret));
