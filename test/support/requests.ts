/** Check requests as no transport made them. */
import type { CheckRequest } from '../../src/model/check-request.ts';

/** A request with only the given fields. */
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
