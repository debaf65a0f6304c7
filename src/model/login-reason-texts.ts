/** The causes and fixes of the reasons of logins and sessions. */
import type { ReasonText } from './reason-text.ts';

const detail = 'Look at `detail` in the log record';

/** The texts by reason. */
export const loginReasonTexts = {
  login_required: {
    causes: [
      'The person is not signed in. This is the intended result.',
      'A script or an application asks without a token and without a session.',
      'The mesh does not send `cookie` to the check, so no session is found.',
      'The host is not in `login.hosts`, or the rule sends no client to log in.',
    ],
    look: [
      `${detail}: it says why the request is not sent to log in.`,
      'Look at `answer`: `redirect` is a person who is sent to the issuer, `page` and `status` are 401.',
    ],
    fix: [
      'Send scripts a token.',
      'Let a web application open the address in `x-oidc-authz-login`: see [web applications](login-spa.md).',
      'List `cookie`, `accept` and the `sec-fetch` headers in the mesh: see [log in](login.md#4-let-the-mesh-carry-it).',
      'For an API that only tokens may call, set `require.login: never`.',
    ],
    options: ['login.when', 'login.hosts', 'rules[].login', 'rules[].require.login'],
  },
  session_expired: {
    causes: [
      'The session is older than `sessions.maxAge`, or had no request for `sessions.idleTimeout`.',
      'The token that it forwards has ended and cannot be renewed, or the issuer no longer accepts its refresh token.',
      'A replaced cookie does not reach the browser, because the mesh does not list `set-cookie` for allows.',
      'The configuration now uses a claim that the session does not have.',
    ],
    look: [`${detail}: it names the limit or the claim.`],
    fix: [
      'Sign in again. To keep sessions longer, raise the limit: see [sessions](sessions.md#how-long-a-session-lives).',
      'List `set-cookie` in the headers that the mesh sends to clients on allow: see [log in](login.md#4-let-the-mesh-carry-it).',
    ],
    options: ['sessions.maxAge', 'sessions.idleTimeout', 'sessions.refresh', 'sessions.recheck'],
  },
  session_invalid: {
    causes: [
      'The key that sealed the cookie was removed from `sessions.keysFile`, or replicas have different files.',
      'The browser sent an incomplete or changed cookie, or two cookies of the same name.',
      'The session is for another policy, or for an issuer that is no longer configured.',
    ],
    look: ['Compare the key IDs in `/readyz` of all replicas: they must be equal.'],
    fix: [
      'Give every replica the same `sessions.keysFile`. Add a new key before you remove the old one: see [sessions](sessions.md#keys).',
      'If another service of the same domain sets cookies of this name, change `sessions.cookie.name`.',
    ],
    options: ['sessions.keysFile', 'sessions.cookie.name', 'sessions.cookie.domain'],
  },
  session_too_large: {
    causes: [
      'The person has many groups or roles.',
      'The forwarded token, or the ID token for the sign-out, is large.',
    ],
    look: [
      'Look at the log record `a session does not fit into its cookies`: it names the largest part and its size.',
    ],
    fix: [
      'Set `issuers[].login.forward` to `none`, or `signOut.hint` to `false`.',
      'Let the issuer put fewer groups into tokens: see [sessions](sessions.md#size).',
    ],
    options: ['issuers[].login.forward', 'issuers[].login.signOut.hint', 'outputClaimToHeaders'],
  },
  login_failed: {
    causes: [
      'The person used an old page of the issuer, finished the login in another browser, or blocks cookies.',
      'The mesh does not send `cookie` to the check, or does not pass `set-cookie` of a denial to the browser.',
      'Replicas have different files in `sessions.keysFile`, so one cannot open the cookie of another.',
      'The issuer rejects the request or the code of the login.',
      'The ID token is not valid: its issuer, its audience, its signature or its nonce.',
    ],
    look: [
      `${detail}: it names the step that failed.`,
      'If it says that the answer belongs to no login, compare the key IDs in `/readyz` of all replicas.',
      'A redirect URI that is not registered has no decision here: the page of the issuer says so.',
    ],
    fix: [
      'Open the page again. If that helps, nothing is wrong.',
      'Compare `issuers[].login.clientId` and its secret with the client at the issuer: see [log in](login.md#1-register-a-client-at-the-issuer).',
      'Check the header lists of the mesh: see [log in](login.md#4-let-the-mesh-carry-it).',
    ],
    options: [
      'issuers[].login.clientId',
      'issuers[].login.clientSecretFile',
      'issuers[].login.clientAuthentication',
      'login.timeout',
    ],
  },
  login_cancelled: {
    causes: ['The person pressed cancel, or the issuer does not let this person in.'],
    look: [`${detail}: it has the error code of the issuer.`],
    fix: ['Give the person access at the issuer.'],
    options: ['issuers[].login.parameters'],
  },
  login_completed: {
    causes: ['A login succeeded. This is not a refusal.'],
    look: [
      'Look at the log record `a person signed in`: it has the issuer and the time that the login took.',
    ],
    fix: ['You do not need to do anything. [How a login works](login-flow.md) explains this step.'],
    options: [],
  },
  signed_out: {
    causes: ['The person signed out. This is not a refusal.'],
    look: ['Look at the log record `a person signed out`.'],
    fix: ['You do not need to do anything. [Sign out](login-sign-out.md) explains what it ends.'],
    options: ['login.afterSignOut'],
  },
  login_path: {
    causes: [
      'A client asks for a path below `login.paths.prefix` that does not exist, or with a method that is not allowed.',
      'The application asks `user` who is signed in. Over HTTP, the status of the answer is 403.',
    ],
    look: ['Look at `method` and `path` in the log record.'],
    fix: ['If the workload needs the path, change `login.paths.prefix`.'],
    options: ['login.paths.prefix'],
  },
  origin_not_allowed: {
    causes: [
      'A page of another origin sends a request with the cookies of the person (cross-site request forgery).',
      'A web application on another origin opens a WebSocket, and `login.cors` does not list it.',
      'The mesh does not send `origin` and `sec-fetch-site` to the check.',
    ],
    look: [`${detail}: it has the origin.`],
    fix: [
      'List `origin` and `sec-fetch-site` in the mesh: see [log in](login.md#4-let-the-mesh-carry-it).',
      'List the origin of your own web application in `login.cors`, or set `requireSameOrigin: false` for this rule.',
    ],
    options: ['login.requireSameOrigin', 'rules[].requireSameOrigin', 'login.cors'],
  },
  sessions_unavailable: {
    causes: [
      'Valkey is down, slow, or not reachable from this pod. The sessions are still there.',
      'The password was changed, and the pod does not have the new one.',
    ],
    look: [
      'Look at `state` in `/readyz`: it has the problem, and since when.',
      'Look at `problem` in the log record.',
    ],
    fix: [
      'Let the pod reach Valkey. People can try again after that, and are still signed in.',
      'Write the new password into `passwordFile`. The next connection uses it.',
    ],
    options: ['state.valkey.urls', 'state.valkey.passwordFile', 'sessions.grace'],
  },
  proofs_unavailable: {
    causes: ['Valkey is down, slow, or not reachable from this pod, and `dpop.store` is `closed`.'],
    look: ['Look at `state` in `/readyz`: it has the problem, and since when.'],
    fix: [
      'Let the pod reach Valkey. The client can try again with a new proof: see [bound tokens](bound-tokens.md#once-in-all-replicas).',
      'If availability matters more to you than one use of each proof, set `dpop.store: local`.',
    ],
    options: ['state.valkey.urls', 'dpop.store'],
  },
  login_unavailable: {
    causes: [
      'The token endpoint of the issuer is down, slow, or not reachable from this pod.',
      'The issuer rejects this service as a client (`invalid_client`, `unauthorized_client`): its secret is wrong or was changed.',
    ],
    look: ['Look at `problem` in the log record: it has the address and the error.'],
    fix: [
      'Let the pod reach the issuer. People can try again after that.',
      'Write the new secret into `clientSecretFile`. The service reloads it.',
      'If the issuer is slow, set the timeout of the mesh and `limits.meshTimeout` to 5 s or more: see [limits](limits.md#with-a-login).',
    ],
    options: ['limits.meshTimeout', 'issuers[].login.clientSecretFile'],
  },
} satisfies Readonly<Record<string, ReasonText>>;
