/** Checks `state`, and the options that need it. They also run if single options are invalid, so they must not trust any type. */
import { type CheckedConfig, durationText } from '../validate/checked-config.ts';
import { isMapping, type Mapping } from '../values/mapping.ts';
import { formatDuration } from '../values/units.ts';
import { checkValkey } from './valkey-problems.ts';

const needsState =
  'needs `state`, the store that replicas share; add `state: {valkey: {urls: [URL]}}`, or remove this option';

/** The operations of the store that one check can wait for, one after the other. */
const operationsOfCheck = 2;

/** Checks what uses the store, the keys that this needs, and the options of the server. */
export function checkState(checked: CheckedConfig): void {
  const { config, problem } = checked;
  checkUses(checked);
  if (!isMapping(config.state)) return;
  checkKeys(checked, config.state);
  if (!isMapping(config.state.valkey)) return;
  checkValkey(config.state.valkey, (path, message) => problem(['state', 'valkey', ...path], message));
  checkTimeout(checked, config.state.valkey);
}

/** Each use needs the store, and the store needs a use. */
function checkUses({ config, section, isValid, problem }: CheckedConfig): void {
  const { store, ...sessions } = section('sessions');
  const { origins, store: proofs } = section('dpop');
  const uses: readonly (readonly [isSet: boolean, path: string[], message?: string])[] = [
    [store === 'valkey', ['sessions', 'store'], `${needsState.replace(/, or.*/, '')}, or use \`cookie\``],
    [section('denyList').store === true, ['denyList', 'store']],
    [proofs === 'closed' || proofs === 'local', ['dpop', 'store']],
    [sessions.backChannelLogout === true, ['sessions', 'backChannelLogout']],
    [sessions.frontChannelLogout === true, ['sessions', 'frontChannelLogout']],
  ];
  const used = uses.filter(([isSet]) => isSet);
  if (config.state === undefined) for (const [, path, message = needsState] of used) problem(path, message);
  if (config.state !== undefined && config.sessions === undefined && used.length === 0)
    problem(
      ['state'],
      'has no effect, because nothing uses it; add `sessions`, `dpop.store` or `denyList.store: true`, or remove this section',
    );
  if ((proofs === 'closed' || proofs === 'local') && isValid('dpop') && isEmpty(origins))
    problem(
      ['dpop', 'store'],
      'has no effect without `dpop.origins`, because DPoP is disabled; add the origins, or remove this option',
    );
  const { listener } = section('login');
  const isListening = isMapping(listener) && listener.enabled === true;
  for (const option of ['backChannelLogout', 'frontChannelLogout'])
    if (sessions[option] === true && config.login !== undefined && !isListening)
      problem(
        ['sessions', option],
        'needs the listener of the login, which receives the requests of the issuer; set `login.listener.enabled: true`, or remove this option',
      );
}

/** One file has the keys of a service. */
function checkKeys({ config, section, problem }: CheckedConfig, { keysFile }: Mapping): void {
  const isRevoking = section('denyList').store === true;
  if (config.sessions !== undefined && keysFile !== undefined)
    problem(
      ['state', 'keysFile'],
      'must not be set with `sessions`, because sessions.keysFile is used for both; remove this option',
    );
  else if (config.sessions === undefined && keysFile === undefined && isRevoking)
    problem(
      ['state', 'keysFile'],
      'missing; `denyList.store` needs it; name a file of keys (`openssl rand -base64 32`)',
    );
  else if (config.sessions === undefined && keysFile !== undefined && !isRevoking)
    problem(
      ['state', 'keysFile'],
      'has no effect without `denyList.store: true`; set that, or remove this option',
    );
}

/** A check must end before its deadline, also if the store does not answer. */
function checkTimeout({ duration, isValid, conflict }: CheckedConfig, { timeout }: Mapping): void {
  const deadline = duration('limits', 'checkDeadline');
  if (deadline === undefined || typeof timeout !== 'number' || !isValid('state', 'valkey', 'timeout')) return;
  if (timeout * operationsOfCheck <= deadline) return;
  conflict((isSet) => {
    const timeoutText = durationText(timeout, isSet('state', 'valkey', 'timeout'));
    const deadlineText = durationText(deadline, isSet('limits', 'checkDeadline'));
    const [most, least] = [
      formatDuration(Math.floor(deadline / operationsOfCheck)),
      formatDuration(timeout * operationsOfCheck),
    ];
    const why = 'one check can wait for two operations of the store';
    return isSet('limits', 'checkDeadline') && !isSet('state', 'valkey', 'timeout')
      ? {
          path: ['limits', 'checkDeadline'],
          message: `must be at least twice state.valkey.timeout (${timeoutText}), got ${deadlineText}: ${why}; set state.valkey.timeout to at most ${most}, or raise this option to at least ${least}`,
        }
      : {
          path: ['state', 'valkey', 'timeout'],
          message: `must be at most half of limits.checkDeadline (${deadlineText}), got ${timeoutText}: ${why}; lower it to at most ${most}, or raise limits.checkDeadline to at least ${least}`,
        };
  });
}

function isEmpty(value: unknown): boolean {
  return !Array.isArray(value) || value.length === 0;
}
