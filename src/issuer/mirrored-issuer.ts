/** The keys of an issuer in a process that does not fetch them: it has them from the one that does. */
import type { Config, IssuerConfig } from '../config/options.ts';
import type { Clock } from '../time/clock.ts';
import type { IssuerKeys, KeySnapshot } from './issuer.ts';
import { type KeySet, keySetRules, readKeySet } from './key-set.ts';

/** What a mirrored issuer needs. */
export interface MirroredIssuerDependencies {
  readonly config: IssuerConfig;
  readonly timing: Config['keys'];
  readonly maxKeys: number;
  readonly clock: Clock;
  /**
   * Has the owner of the keys fetch them for an unknown key, or for a bad signature where no key is named.
   *
   * @returns resolves when the keys are those that came of it: whether a fetch was due
   */
  readonly fetch: (keyId: string | undefined) => Promise<boolean>;
}

/** An issuer whose keys come from elsewhere. */
export interface MirroredIssuer extends IssuerKeys {
  readonly update: (snapshot: KeySnapshot) => void;
}

/** After an owner found no fetch due, it is asked again at the earliest after this, in milliseconds. */
const patience = 500;

/** Makes an issuer without keys. */
export function createMirroredIssuer(dependencies: MirroredIssuerDependencies): MirroredIssuer {
  const { config, timing, maxKeys, clock } = dependencies;
  const rules = keySetRules(config, maxKeys);
  let keySet: KeySet | undefined;
  let text: string | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;
  let isFailing = false;

  const isRecent = () => clock.monotonic() - loadedAt <= timing.maxStale;
  const keys = () => (!isFailing || isRecent() ? keySet : undefined);
  const knowsKeyId = (id: string) => keys()?.knows(id) ?? false;
  const [forKeys, forSignatures] = [createAsking(dependencies), createAsking(dependencies)];

  return {
    update: (snapshot) => {
      if (snapshot.text !== undefined && snapshot.text !== text) {
        keySet = readKeySet(snapshot.text, rules, keySet).keySet;
        text = snapshot.text;
      }
      isFailing = snapshot.isFailing;
      if (snapshot.age !== undefined) loadedAt = clock.monotonic() - snapshot.age;
    },
    hasKeys: () => keys() !== undefined,
    findKeys: (id, algorithm) => keys()?.find(id, algorithm) ?? [],
    knowsKeyId,
    holds: (key) => keys()?.holds(key) ?? false,
    // What is being asked may have begun before the key was published.
    fetchForUnknownKey: (id) =>
      forKeys.underWay()?.then(() => (knowsKeyId(id) ? undefined : forKeys.ask(id))) ?? forKeys.ask(id),
    fetchForBadSignature: () => forSignatures.ask(undefined),
  };
}

/** What the owner of the keys is asked for, once at a time and not too often. */
interface Asking {
  /** Settles when it has answered; undefined where it is too early to ask again. */
  readonly ask: (keyId: string | undefined) => Promise<void> | undefined;
  /** Settles when it has answered what it was asked last; undefined where it has. */
  readonly underWay: () => Promise<void> | undefined;
}

function createAsking({ timing, clock, fetch }: MirroredIssuerDependencies): Asking {
  let asking: Promise<void> | undefined;
  let askAgainAt = Number.NEGATIVE_INFINITY;
  const askOwner = async (keyId: string | undefined) => {
    const wasDue = await fetch(keyId);
    asking = undefined;
    askAgainAt =
      clock.monotonic() +
      (wasDue ? timing.minRefreshInterval : Math.min(patience, timing.minRefreshInterval));
  };
  return {
    ask: (keyId) => {
      if (asking === undefined && clock.monotonic() < askAgainAt) return undefined;
      asking ??= askOwner(keyId);
      return asking;
    },
    underWay: () => asking,
  };
}
