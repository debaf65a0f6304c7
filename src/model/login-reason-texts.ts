/** The causes and fixes of the reasons of logins and sessions. */
import type { ReasonText } from './reason-text.ts';

const login = 'Read [log in](login.md).';

/** The texts by reason. */
export const loginReasonTexts = {
  login_required: {
    causes: [
      'The person has not signed in yet. This is the intended result.',
      'A script or an application asks without a token and without a session.',
      'The mesh does not send `cookie` to the check, so that no session is found.',
    ],
    look: ['Look at `detail` in the log record: it says whether the request opens a page.'],
    fix: ['Send scripts a token, or let the application open the address in `x-oidc-authz-login`.', login],
    options: ['login.when', 'rules[].login', 'rules[].require.login'],
  },
  session_expired: {
    causes: ['The session is older than `sessions.maxAge`, or had no request for `sessions.idleTimeout`.'],
    look: ['Look at `detail` in the log record: it names the limit.'],
    fix: ['Sign in again. To keep sessions longer, raise the limit.'],
    options: ['sessions.maxAge', 'sessions.idleTimeout', 'sessions.refresh'],
  },
  session_invalid: {
    causes: [
      'The key that sealed the cookie was removed from `sessions.keysFile`, or replicas have different files.',
      'The browser sent an incomplete or changed cookie.',
    ],
    look: ['Compare the key IDs in `/readyz` of all replicas.'],
    fix: ['Give every replica the same `sessions.keysFile`. Add a new key before you remove the old one.'],
    options: ['sessions.keysFile', 'sessions.cookie.name'],
  },
  session_too_large: {
    causes: ['The person has many groups, or the forwarded token is large.'],
    look: ['Look at `detail` in the log record: it names the largest part.'],
    fix: ['Set `issuers[].login.forward` to `none`, or let the issuer put fewer groups into tokens.'],
    options: ['issuers[].login.forward', 'issuers[].login.signOut.hint'],
  },
  login_failed: {
    causes: [
      'The person used an old page of the issuer, or finished the login in another browser.',
      'The issuer rejects the client or its secret, or the redirect URI.',
      'The ID token is not valid for this service.',
    ],
    look: ['Look at `detail` in the log record: it names the step that failed.'],
    fix: [login],
    options: ['issuers[].login.clientId', 'issuers[].login.clientSecretFile', 'login.timeout'],
  },
  login_cancelled: {
    causes: ['The person pressed cancel, or the issuer does not let this person in.'],
    look: ['Look at `detail` in the log record: it has the error code of the issuer.'],
    fix: ['Give the person access at the issuer.'],
    options: [],
  },
  login_completed: {
    causes: ['A login succeeded. This is not a refusal.'],
    look: [],
    fix: [login],
    options: [],
  },
  signed_out: {
    causes: ['The person signed out. This is not a refusal.'],
    look: [],
    fix: [login],
    options: ['login.afterSignOut'],
  },
  login_path: {
    causes: ['A client asks for a path of the login that does not exist, or with another method.'],
    look: ['Look at the path in the log record.'],
    fix: ['If the workload needs the path, change `login.paths.prefix`.'],
    options: ['login.paths.prefix'],
  },
  origin_not_allowed: {
    causes: [
      'A page of another origin sends a request with the cookies of the person (cross-site request forgery).',
      'The mesh does not send `origin` and `sec-fetch-site` to the check.',
    ],
    look: ['Look at `detail` in the log record: it has the origin.'],
    fix: ['List `origin` and `sec-fetch-site` in the mesh, or set `requireSameOrigin: false` for this rule.'],
    options: ['login.requireSameOrigin', 'rules[].requireSameOrigin'],
  },
  login_unavailable: {
    causes: ['The token endpoint of the issuer is down, slow or not reachable from this pod.'],
    look: ['Look at `problem` in the log record: it has the address and the error.'],
    fix: ['Let the pod reach the issuer. People can try again after that.'],
    options: ['limits.meshTimeout'],
  },
} satisfies Readonly<Record<string, ReasonText>>;
