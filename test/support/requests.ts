/** Creates check requests without a transport. */
import type { CheckRequest } from '../../src/model/check-request.ts';

/** Creates a request. Fields that are not set are empty. */
export function checkRequest(request: Partial<CheckRequest> = {}): CheckRequest {
  return {
    method: 'GET',
    host: '',
    path: '/',
    requestId: '',
    authorization: [],
    dpop: [],
    forwardedClientCert: '',
    peerCertificate: '',
    source: { address: '', principal: '' },
    policy: undefined,
    original: () => ({ target: '/', headers: [] }),
    header: () => [],
    ...request,
  };
}
