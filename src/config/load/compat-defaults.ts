/** What `compat: oauth2-proxy` makes of options that nobody set: the headers that its usual settings for bearer tokens send. */
import { isTree, type Tree } from '../values/raw-values.ts';

/** The headers of `set-xauthrequest`. */
const outputClaimToHeaders = [
  { header: 'x-auth-request-user', claim: 'sub' },
  { header: 'x-auth-request-email', from: 'email' },
  { header: 'x-auth-request-groups', from: 'groups' },
  { header: 'x-auth-request-preferred-username', claim: 'preferred_username' },
];

/** Puts those defaults into a configuration as it was written; what was set stays, whatever it is. */
export function applyCompatDefaults(tree: Tree): void {
  if (tree.compat !== 'oauth2-proxy') return;
  const isSettable = tree.identityHeaders !== 'remove' && tree.forwardOriginalToken !== false;
  setAbsent(tree, 'outputClaimToHeaders', structuredClone(outputClaimToHeaders));
  setAbsent(tree, 'outputTokenToHeader', 'x-auth-request-access-token');
  setAbsent(tree, 'setAuthorizationHeader', isSettable);
  if (Array.isArray(tree.issuers))
    for (const issuer of tree.issuers) if (isTree(issuer)) nameBySubject(issuer);
}

/** Whoever has no e-mail is named by the subject; but where e-mails decide who may pass, that is for the configuration to say. */
function nameBySubject(issuer: Tree): void {
  setAbsent(issuer, 'email', {});
  const { email } = issuer;
  if (isTree(email) && email.allowedDomains === undefined && email.allowedAddresses === undefined)
    setAbsent(email, 'fallbackClaim', 'sub');
}

function setAbsent(tree: Tree, name: string, value: unknown): void {
  if (!Object.hasOwn(tree, name)) tree[name] = value;
}
