// Sends a check without a token to each URL in the arguments, and fails unless every one is denied.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';

// The request contains no secret, so any certificate is accepted.
const tls = { rejectUnauthorized: false };

const overHttp = (url) =>
  new Promise((resolve, reject) => {
    const { get } = url.startsWith('https') ? https : http;
    get(url, tls, (answer) => resolve(answer.resume().statusCode)).on('error', reject);
  });

// Sends an empty CheckRequest. The CheckResponse begins with its status; code 16 is a denial.
const overGrpc = (url) =>
  new Promise((resolve, reject) => {
    const session = http2.connect(url.replace(/^grpc/, 'http'), tls);
    session.on('error', reject);
    const call = session.request({
      ':method': 'POST',
      ':path': '/envoy.service.auth.v3.Authorization/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const chunks = [];
    call.on('data', (chunk) => chunks.push(chunk));
    call.on('error', reject);
    call.on('end', () => {
      session.close();
      const answer = Buffer.concat(chunks).subarray(5);
      resolve(answer[0] === 0x0a && answer[2] === 0x08 && answer[3] === 16 ? 401 : answer.toString('hex'));
    });
    call.end(Buffer.alloc(5));
  });

for (const url of process.argv.slice(1)) {
  const result = await (url.startsWith('grpc') ? overGrpc(url) : overHttp(url));
  console.log(`${url}: a check without a token ended in ${result}`);
  if (result !== 401) process.exitCode = 1;
}
