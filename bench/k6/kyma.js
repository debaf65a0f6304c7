// Kyma's load test for APIRules. For a minute, many users each send the next request when the previous one is answered.
//
//   k6 run -e TARGET_URL=https://orders.example.com/ -e TOKEN="$TOKEN" bench/k6/kyma.js
//
// TARGET_URL             the requested URL
// TOKEN                  the bearer token; or
// TOKEN_URL, CLIENT_ID,  where to get one by client credentials
// CLIENT_SECRET, SCOPE
// USERS                  concurrent users (500)
// RAMP, DURATION         the time to start all users, and to run with all of them (10s, 1m)

import { check } from 'k6';
import http from 'k6/http';

const users = Number(__ENV.USERS || 500);

export const options = {
  insecureSkipTLSVerify: __ENV.INSECURE === 'true',
  stages: [
    { duration: __ENV.RAMP || '10s', target: users },
    { duration: __ENV.DURATION || '1m', target: users },
    { duration: '5s', target: 0 },
  ],
  thresholds: { checks: ['rate==1'] },
  summaryTrendStats: ['avg', 'med', 'p(95)', 'p(99)', 'max'],
};

export function setup() {
  if (!__ENV.TARGET_URL) throw new Error('TARGET_URL is missing; set it to the URL to request');
  if (__ENV.TOKEN || !__ENV.TOKEN_URL) return { token: __ENV.TOKEN };
  const form = { grant_type: 'client_credentials', scope: __ENV.SCOPE || '' };
  const credentials = `${encodeURIComponent(__ENV.CLIENT_ID)}:${encodeURIComponent(__ENV.CLIENT_SECRET)}`;
  const url = __ENV.TOKEN_URL.replace('://', `://${credentials}@`);
  const answer = http.post(url, form, { auth: 'basic' });
  if (answer.status !== 200) throw new Error(`no token from ${__ENV.TOKEN_URL}: status ${answer.status}`);
  return { token: answer.json('access_token') };
}

// biome-ignore lint/style/noDefaultExport: k6 requires it
export default function ask({ token }) {
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const answer = http.get(__ENV.TARGET_URL, { headers });
  check(answer, { 'is 200': ({ status }) => status === 200 });
}
