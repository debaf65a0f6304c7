/** The options of a configuration whose files the chart mounts from Secrets. */
import { isMapping, type Mapping } from '../../config/values/mapping.ts';

const clientFolder = '/etc/oidc-authz/login';
const defaultClientKey = 'client-secret';
const sessionFolder = '/etc/oidc-authz/session';
const defaultSessionKey = 'keys';
const stateFolder = '/etc/oidc-authz/state';
const stateKeysFolder = '/etc/oidc-authz/state-keys';
const defaultPasswordKey = 'password';

/** The options of `state.valkey` that name files, by the value with the key. */
const stateOptions = {
  passwordKey: 'passwordFile',
  usernameKey: 'usernameFile',
  sentinelPasswordKey: 'sentinelPasswordFile',
  sentinelUsernameKey: 'sentinelUsernameFile',
  caKey: 'caFile',
  certKey: 'certFile',
  keyKey: 'keyFile',
};

/** The chart mounts the Secrets of the login, and names their files. */
export function loginFiles(config: Mapping, { loginSecrets }: Mapping): string[] {
  if (!isMapping(loginSecrets) || !isSet(config.login)) return [];
  const { client, sessionKeys } = loginSecrets;
  const notes: string[] = [];
  if (isMapping(client) && isSet(client.existingSecret)) {
    const path = `${clientFolder}/${isSet(client.key) ? String(client.key) : defaultClientKey}`;
    const issuers = Array.isArray(config.issuers) ? config.issuers.filter(isMapping) : [];
    const logins = issuers
      .map(({ login }) => login)
      .filter((login) => isMapping(login) && needsSecret(login));
    for (const login of logins) (login as Mapping).clientSecretFile = path;
    if (logins.length > 0) notes.push(`clientSecretFile is ${path}, from loginSecrets.client`);
  }
  const sessions = config.sessions ?? {};
  if (
    isMapping(sessionKeys) &&
    (isSet(sessionKeys.create) || isSet(sessionKeys.existingSecret)) &&
    isMapping(sessions) &&
    !isSet(sessions.keysFile)
  ) {
    const path = `${sessionFolder}/${isSet(sessionKeys.key) ? String(sessionKeys.key) : defaultSessionKey}`;
    config.sessions = { ...sessions, keysFile: path };
    notes.push(`sessions.keysFile is ${path}, from loginSecrets.sessionKeys`);
  }
  return notes;
}

/** Whether an issuer authenticates with a client secret whose file is not set. */
function needsSecret(login: Mapping): boolean {
  const method = login.clientAuthentication ?? 'client_secret_basic';
  const files = ['clientSecretFile', 'privateKeyFile', 'clientAssertionFile', 'certFile', 'keyFile'];
  return (
    ['client_secret_basic', 'client_secret_post'].includes(String(method)) &&
    !files.some((file) => isSet(login[file]))
  );
}

/** The chart mounts the Secrets of the store, and names their files. */
export function stateFiles(config: Mapping, { stateSecrets }: Mapping): string[] {
  if (!isMapping(stateSecrets) || !isMapping(config.state) || !isSet(config.state)) return [];
  const { valkey, keys } = stateSecrets;
  let state: Mapping = config.state;
  const notes: string[] = [];
  if (isMapping(valkey) && isSet(valkey.existingSecret)) {
    const given = { passwordKey: defaultPasswordKey, ...valkey } as Mapping;
    const files = Object.entries(stateOptions).flatMap(([value, option]) =>
      isSet(given[value]) ? [[option, `${stateFolder}/${String(given[value])}`] as const] : [],
    );
    state = { ...state, valkey: { ...Object.fromEntries(files), ...(state.valkey as Mapping | undefined) } };
    notes.push(
      ...files.map(([option, file]) => `state.valkey.${option} is ${file}, from stateSecrets.valkey`),
    );
  }
  if (isMapping(keys) && isSet(keys.existingSecret) && !isSet(state.keysFile)) {
    const file = `${stateKeysFolder}/${isSet(keys.key) ? String(keys.key) : defaultSessionKey}`;
    state = { ...state, keysFile: file };
    notes.push(`state.keysFile is ${file}, from stateSecrets.keys`);
  }
  config.state = state;
  return notes;
}

/** Whether a value is true in a template of Helm. */
export function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isMapping(value)) return Object.keys(value).length > 0;
  return value !== undefined && value !== null && value !== false && value !== '' && value !== 0;
}
