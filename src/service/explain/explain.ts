/** Explains a request: runs the check of the service with a trace. Such a check stores no token and no proof, and counts nothing. */
import type { Verdict } from '../../credential/token/verifier.ts';
import { loginHeader } from '../../model/browser-answer.ts';
import type { CheckRequest } from '../../model/check-request.ts';
import type { Decision } from '../../model/decision.ts';
import type { ExplainRequest, Explanation } from '../../model/explanation.ts';
import { leftToEnvoy, reasons } from '../../model/reasons.ts';
import type { TraceStep } from '../../model/trace.ts';
import { createToReply } from '../../transport/http/check/reply.ts';
import { toCheckRequest } from '../../transport/shared/check-request.ts';
import { type CheckParts, createConfiguredCheck } from '../configured-check.ts';
import { askJose, publishedKeySets } from './jose.ts';

/** Explains a request. */
export type Explain = (request: ExplainRequest) => Promise<Explanation>;

/** The largest number of requests that wait. An explanation can wait for the keys of an issuer that does not respond. */
const maxWaiting = 8;

/** Headers of an HTTP answer that say nothing about the decision. */
const ordinaryHeaders = ['content-length', 'date', 'connection'];

/** Creates the function that explains requests with the parts of a check service. It explains one request at a time. */
export function createExplain(parts: CheckParts): Explain {
  const { config, clock } = parts;
  let verdict: Verdict | undefined;
  const check = createConfiguredCheck(parts, {
    onLookup: () => {},
    onFull: () => {},
    onVerdict: (reported) => {
      verdict = reported;
    },
  });
  const toReply = createToReply(config, clock);
  const explainNow: Explain = async (explained) => {
    const request = checkRequestOf(explained, config.http.pathPrefix);
    const steps: TraceStep[] = [];
    const begin = { keySets: publishedKeySets(parts), time: clock.now() };
    verdict = undefined;
    const decision = await check(request, (step) => void steps.push(step));
    const jose =
      verdict === undefined
        ? undefined
        : await askJose(parts, verdict, request.authorization[0] ?? '', begin);
    return {
      ...conclusionOf(decision),
      steps,
      isVerified: verdict !== undefined && isVerified(verdict, steps),
      hasIncumbent: config.shadow.authorizer !== '',
      answer: {
        ...answerOf(decision, toReply(decision, request).head),
        isLeftToEnvoy: config.whenUnavailable === 'error' && leftToEnvoy.has(decision.reason),
      },
      ...(decision.outcome === 'allow' && {
        upstream: {
          set: decision.forwarding.set.map(([name]) => name),
          remove: decision.forwarding.remove,
        },
      }),
      ...(jose !== undefined && { jose }),
    };
  };
  let previous: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return (request) => {
    if (waiting >= maxWaiting) return Promise.reject(new Error('too many requests wait for an explanation'));
    waiting++;
    const explanation = previous.then(() => explainNow(request)).finally(() => waiting--);
    previous = explanation.catch(() => {});
    return explanation;
  };
}

/** The request as a check listener reads it. */
function checkRequestOf(explained: ExplainRequest, pathPrefix: string): CheckRequest {
  const { method, host, path, headers, token, policy, source } = explained;
  const lines = [
    ['host', host] as const,
    ...(token === undefined ? [] : [['authorization', `Bearer ${token}`] as const]),
    ...headers,
  ];
  const rawHeaders = lines.flat().map(inBytes);
  // Only a check over HTTP has the prefix of the listener.
  const request = toCheckRequest(
    { method, url: inBytes(path), rawHeaders },
    policy === undefined ? pathPrefix : '',
  );
  return {
    ...request,
    ...(policy !== undefined && { policy }),
    ...(source !== undefined && {
      source: { address: source.address, principal: source.principal },
      peerCertificate: source.certificate,
    }),
  };
}

/** HTTP/1.1's form of a text: one character per byte of UTF-8. */
function inBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function isVerified(verdict: Verdict, steps: readonly TraceStep[]): boolean {
  if (verdict.outcome === 'verified') return true;
  // Only verified tokens are cached.
  if (verdict.outcome === 'deny' && verdict.cached === true) return true;
  return steps.some(({ step, result }) => step === 'signature' && result === 'passed');
}

function conclusionOf(decision: Decision) {
  const { outcome, reason, rule, policy } = decision;
  const issuer = outcome === 'allow' ? decision.identity?.issuerName : decision.issuerName;
  const shadow = outcome === 'allow' ? decision.shadow : undefined;
  const problem = outcome === 'error' ? decision.problem : undefined;
  const detail = decision.detail?.();
  return {
    outcome,
    reason,
    ...(rule !== undefined && { rule }),
    ...(policy !== undefined && { policy }),
    ...(issuer !== undefined && { issuer }),
    ...(shadow !== undefined && { shadow }),
    ...(problem !== undefined && { problem }),
    ...(detail !== undefined && {
      detail: { text: detail.text, ...(detail.option !== undefined && { option: detail.option }) },
    }),
  };
}

/** The value of a header without the query of the request, which the address of a login repeats, and without the values of cookies. */
function withoutSecrets(name: string, value: string): string {
  if (name === 'location' || name === loginHeader) return value.split('?', 1)[0] ?? '';
  return name === 'set-cookie' ? value.replace(/=[^;]*/, '=…') : value;
}

function answerOf({ outcome, reason }: Decision, head: string): Omit<Explanation['answer'], 'isLeftToEnvoy'> {
  const [statusLine = '', ...lines] = head.split('\r\n').filter((line) => line !== '');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    return [name, withoutSecrets(name.toLowerCase(), line.slice(colon + 1).trim())] as const;
  });
  const { grpcCode, grpcHttpStatus } = reasons[reason];
  return {
    http: {
      status: Number(statusLine.split(' ')[1]),
      headers:
        outcome === 'allow' ? [] : headers.filter(([name]) => !ordinaryHeaders.includes(name.toLowerCase())),
    },
    grpc: { code: grpcCode, httpStatus: grpcHttpStatus },
  };
}
