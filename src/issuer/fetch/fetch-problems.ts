/** Explains to an operator why a fetch failed: what is wrong, and which option fixes it. */
import { maskUrls } from '../../config/values/quote-value.ts';
import { codeOf, messageOf, opensslCode, rootOf, statusOf } from './error-details.ts';
import type { Attempt } from './fetch-attempt.ts';
import { networkProblem, plainHttpProblem } from './network-problems.ts';
import { statusProblem, tunnelProblem } from './status-problems.ts';
import { tlsProblem } from './tls-problems.ts';

/**
 * Explains why a fetch failed and how to fix it, with the code of Node or OpenSSL in parentheses at the end. An error
 * without a code keeps its own message.
 */
export function explainFailure(error: unknown, attempt: Attempt): string {
  const root = rootOf(error);
  const nodeCode = codeOf(root);
  const code = nodeCode === 'EPROTO' ? opensslCode(messageOf(root)) : nodeCode;
  const status = statusOf(root);
  if (code === 'ERR_PROXY_TUNNEL') return `${tunnelProblem(status, attempt)} (${nodeCode})`;
  if (status !== undefined) return statusProblem(status, messageOf(root), attempt);
  if (code === '') return maskUrls(messageOf(root));
  if (attempt.hasAnswered && (code === 'ECONNRESET' || code === 'EPIPE'))
    return `the connection closed before the whole response arrived; this service retries (${nodeCode})`;
  const problem =
    (attempt.url.protocol === 'https:'
      ? tlsProblem(code, root, attempt)
      : plainHttpProblem(code, root, attempt)) ?? networkProblem(code, attempt);
  if (problem !== undefined) return `${problem} (${nodeCode})`;
  const text = maskUrls(messageOf(root));
  return text.includes(nodeCode) ? text : `${text} (${nodeCode})`;
}

/** Describes a body that should be JSON and is not. Quotes nothing of it, because it may be secret. */
export function notJson(body: string): string {
  if (body.trim() === '') return 'the response is empty';
  return /^\s*</.test(body)
    ? 'the response is an HTML or XML page instead of JSON, for example from a login page, a proxy or a wrong path'
    : 'the response is not JSON';
}
