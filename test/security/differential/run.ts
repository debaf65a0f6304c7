/**
 * The differential run: it sends the same tokens to the service's verifier and to jose while keys change. Both must give the same
 * verdict, or the table of known differences must explain it.
 */
import type { JSONWebKeySet } from 'jose';
import type { Observe } from '../../../src/credential/cross-check/observe.ts';
import { type Reason, reasons } from '../../../src/model/reasons.ts';
import type { TestClock } from '../../support/clock.ts';
import { createKeyPool, type Pair } from './key-pool.ts';
import { knownDifference } from './known-differences.ts';
import { isSignedByArithmetic, isSignedByStream, type JoseVerdict, signatureFailed } from './oracles.ts';
import { createRandom, type Random } from './random.ts';
import { type Origin, type SignedToken, signToken } from './signed.ts';
import { type Tampered, tamper } from './tamper.ts';
import { startTransports, type Transports } from './transports.ts';
import { type AskJose, createWorld, type World } from './world.ts';

/** The length and the seed of a run, and its callbacks. */
export interface RunOptions {
  readonly tokens: number;
  readonly seed: number;
  /** The keys; by default, new ones are generated. */
  readonly pool?: readonly Pair[];
  /** Called for each unexplained difference, with everything that repeats it. */
  readonly onDifference: (difference: Difference) => void;
  /** Replaces a verdict of the verifier, to test the run itself. */
  readonly mistake?: (reason: Reason, token: string) => Reason;
  /** Creates the cross-check of the verifiers. */
  readonly createObserve?: (clock: TestClock) => Observe;
  /** Whether to stop early. */
  readonly isStopped?: () => boolean;
  /** Called with the number of tokens so far. */
  readonly onProgress?: (judged: number) => void;
}

/** An input on which the two disagree. */
export interface Difference {
  readonly what: string;
  readonly token: string;
  readonly verifier: string;
  readonly reason: string;
  readonly jose: readonly JoseVerdict[];
  readonly how: string;
  readonly oddity: string;
  readonly signedWith: object;
  readonly algorithm: string;
  /** Known from how it was created; undefined if that is not enough. */
  readonly isSigned: boolean | undefined;
  /** The result of another verification of the signature. */
  readonly isSignedByOracle: boolean | undefined;
  /** The key sets before and, if keys changed during the check, after. */
  readonly keySets: readonly Readonly<Record<string, JSONWebKeySet>>[];
  readonly configuration: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The results of a run. */
export interface Summary {
  readonly judged: number;
  readonly overTransports: number;
  readonly signaturesByOracle: number;
  readonly signed: number;
  readonly rotations: number;
  readonly differences: number;
  /** The number of verdicts by reason, for each algorithm and key size. */
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** The number of times each known difference occurred. */
  readonly known: Readonly<Record<string, number>>;
  /** The number of times each change was tried. */
  readonly tampered: Readonly<Record<string, number>>;
}

const batchSize = 200;

/** A token, its origin, and the verifier that checks it. */
interface Input extends Tampered {
  readonly signed: SignedToken;
  readonly verifier: keyof World['verifiers'];
}

/** Runs the comparison. */
export async function runDifferential(options: RunOptions): Promise<Summary> {
  const {
    tokens,
    seed,
    onDifference,
    onProgress,
    mistake = (reason) => reason,
    isStopped = () => false,
  } = options;
  const random = createRandom(seed);
  const world = await createWorld(options.pool ?? createKeyPool(), random, options.createObserve);
  const counts = createCounts();
  const perEpoch = Math.max(1_000, Math.min(40_000, Math.ceil(tokens / 10)));
  let [judged, differences, overTransports, signaturesByOracle, signedCount, rotations] = [0, 0, 0, 0, 0, 0];
  let older: readonly SignedToken[] = [];

  /** Checks one batch with both; keys may change in the middle. */
  const runBatch = async (inputs: readonly Input[], changes: boolean, before: AskJose): Promise<AskJose> => {
    const keySets = [world.published()];
    const middle = inputs.length >> 1;
    const first = inputs.slice(0, middle).map((input) => ask(world, input, random));
    const refreshing = random.chance(0.2) || changes;
    if (changes) {
      world.rotate();
      rotations++;
      keySets.push(world.published());
    }
    const refresh = refreshing ? world.refresh() : undefined;
    const second = inputs.slice(middle).map((input) => ask(world, input, random));
    const found = await Promise.all([...first, ...second]);
    await refresh;
    const after = changes ? world.createAskJose() : before;
    const judges = changes ? [before, after] : [before];
    const memo = new Map<string, Promise<readonly JoseVerdict[]>>();
    const verdictsOf = (token: string) => Promise.all(judges.map((judge) => judge(token)));
    const verdicts = await Promise.all(
      inputs.map(({ token }) => memo.getOrInsertComputed(token, verdictsOf)),
    );
    for (const [index, input] of inputs.entries()) {
      const reason = mistake(found[index] ?? 'internal_error', input.token);
      const jose = verdicts[index] ?? [];
      const problem = compare(input, reason, jose, changes);
      judged++;
      counts.verdict(`${input.signed.algorithm} ${input.signed.key.pair.kind}`, reason);
      if (input.how !== '') counts.tampered(input.how);
      if (problem === undefined) continue;
      differences++;
      onDifference({
        what: problem.what,
        token: input.token,
        verifier: input.verifier,
        reason,
        jose,
        how: input.how,
        oddity: input.signed.oddity,
        signedWith: { ...input.signed.key.pair.jwk, kid: input.signed.key.kid },
        algorithm: input.signed.algorithm,
        isSigned: input.isSigned,
        isSignedByOracle: problem.isSignedByOracle,
        keySets,
        configuration: world.configuration,
        now: world.clock.now(),
      });
    }
    return after;
  };

  const compare = (input: Input, reason: Reason, jose: readonly JoseVerdict[], changes: boolean) => {
    const { token, signed, isSigned } = input;
    const { pair } = signed.key;
    if (!jose.some((verdict) => isSame(reason, verdict))) {
      const modulusBits = pair.publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
      const known = knownDifference(token, reason, world.clock.now(), modulusBits);
      if (known === undefined) return { what: 'jose', isSignedByOracle: signatureOf(input) };
      counts.known(known);
    }
    // Compares with how the token was created, and with other verifications of its signature.
    if (isSigned === false && afterSignature.has(reason))
      return { what: 'created without a valid signature' };
    const isCurrent = !changes && isPublished(signed, world.origins());
    if (isSigned === true && isCurrent && reason === 'signature_invalid')
      return { what: 'created with a valid signature' };
    const isCompared = judged % 8 === 0 || (reason === 'signature_invalid' && isSigned === undefined);
    if (!isCompared || !isCurrent) return undefined;
    const isSignedByOracle = signatureOf(input);
    signaturesByOracle++;
    const disagrees = isSignedByOracle ? reason === 'signature_invalid' : afterSignature.has(reason);
    return disagrees ? { what: 'signature', isSignedByOracle } : undefined;
  };

  while (judged < tokens && !isStopped()) {
    if (judged > 0) {
      world.rotate();
      rotations++;
      await world.refresh();
    }
    const circumstances = { random, now: world.clock.now() / 1000 };
    const fresh = Array.from({ length: Math.max(200, Math.ceil(perEpoch / 40)) }, () =>
      signToken(random.pick(world.origins()), circumstances, random.chance(0.4)),
    );
    signedCount += fresh.length;
    const bases = [...fresh, ...older];
    let askJose = world.createAskJose();
    const end = Math.min(tokens, judged + perEpoch);
    const share = createInputs(bases, random, Math.ceil(perEpoch / 50));
    const transports = await startTransports(world);
    try {
      overTransports += await compareTransports(transports, share);
    } finally {
      await transports.stop();
    }
    while (judged < end && !isStopped()) {
      const changes = random.chance(0.02);
      askJose = await runBatch(createInputs(bases, random, batchSize), changes, askJose);
      onProgress?.(judged);
      // Time passes, so that unknown key IDs can cause a fetch again and tokens age.
      if (random.chance(0.1)) world.clock.pass(15_000);
    }
    older = fresh.slice(0, 400);
  }

  /** Sends tokens through the servers too; each must answer with the verdict of the verifier. */
  async function compareTransports(transports: Transports, inputs: readonly Input[]): Promise<number> {
    let asked = 0;
    for (const input of inputs) {
      // HTTP cannot carry other characters, or reads them differently.
      if (!/^[\x21-\x2b\x2d-\x7e]+$/.test(input.token)) continue;
      const reason = await ask(world, input, random);
      const [grpc, http] = await Promise.all([transports.grpc(input.token), transports.http(input.token)]);
      asked += 2;
      if (grpc === reason && http === reasons[reason].httpStatus) continue;
      differences++;
      onDifference({
        what: `transports: ${grpc} over gRPC, ${http} over HTTP`,
        token: input.token,
        verifier: input.verifier,
        reason,
        jose: [],
        how: input.how,
        oddity: input.signed.oddity,
        signedWith: input.signed.key.pair.jwk,
        algorithm: input.signed.algorithm,
        isSigned: input.isSigned,
        isSignedByOracle: undefined,
        keySets: [world.published()],
        configuration: world.configuration,
        now: world.clock.now(),
      });
    }
    return asked;
  }

  await world.close();
  return {
    judged,
    overTransports,
    signaturesByOracle,
    signed: signedCount,
    rotations,
    differences,
    ...counts.read(),
  };
}

/** Creates inputs: half of them unchanged, some of them several times at once. */
function createInputs(bases: readonly SignedToken[], random: Random, count: number): readonly Input[] {
  const inputs: Input[] = [];
  while (inputs.length < count) {
    const signed = random.pick(bases);
    const tampered = random.chance(0.45)
      ? { token: signed.token, how: '', isSigned: signed.oddity === 'alg' ? undefined : true }
      : tamper(signed, random.pick(bases), random);
    const verifier = random.chance(0.7) ? 'cold' : random.pick(['warm', 'mirrored'] as const);
    const input = { ...tampered, signed, verifier } as const;
    inputs.push(input);
    while (random.chance(0.1)) inputs.push(input);
  }
  return inputs.slice(0, count);
}

/** Properties that make the verifier use another key, or none. */
const otherKeyOddities = ['alg', 'no alg', 'kid', 'no kid', 'a repeated parameter'];

/** Whether the key of a token is published now, with its `kid` and algorithm. */
function isPublished({ key, algorithm, oddity }: SignedToken, origins: readonly Origin[]): boolean {
  if (otherKeyOddities.includes(oddity)) return false;
  return origins.some(({ keys }) =>
    keys.some(
      ({ pair, kid, alg }) =>
        pair === key.pair && kid === key.kid && (alg === undefined || alg === algorithm),
    ),
  );
}

/** Asks the service's verifier. An exception counts as `internal_error`, as in the check. */
async function ask(world: World, { token, verifier }: Input, random: Random): Promise<Reason> {
  try {
    const verdict = await world.verifiers[verifier](shaped(token, random));
    return verdict.outcome === 'verified' ? 'allowed' : verdict.reason;
  } catch {
    return 'internal_error';
  }
}

/** The same text in another representation inside V8: flat, sliced, concatenated, two-byte or external. */
function shaped(token: string, random: Random): string {
  switch (random.below(5)) {
    case 0:
      return `Bearer ${token}`.slice(7);
    case 1: {
      const middle = token.length >> 1;
      return token.slice(0, middle) + token.slice(middle);
    }
    case 2:
      return `\u0141${token}`.slice(1);
    case 3:
      return Buffer.from(token, 'utf8').toString(isAscii(token) ? 'latin1' : 'utf8');
    default:
      return token;
  }
}

const isAscii = (text: string) => !/[^\0-\x7f]/.test(text);

/** The reasons that are found before a signature is checked. */
const beforeSignature: ReadonlySet<Reason> = new Set<Reason>([
  'token_malformed',
  'token_duplicated',
  'token_too_large',
  'algorithm_not_allowed',
  'issuer_unknown',
  'key_not_found',
  'claim_invalid',
]);

/** The reasons that are found only after a valid signature. */
const afterSignature: ReadonlySet<Reason> = new Set<Reason>([
  'allowed',
  'token_expired',
  'token_not_yet_valid',
  'audience_mismatch',
  'token_type_not_allowed',
  'token_bound',
  'claim_missing',
]);

/** Whether both agree on allow or deny, and on the signature if both check it. */
export function isSame(reason: Reason, jose: JoseVerdict): boolean {
  if (reason === 'allowed' || jose === 'accepted') return reason === 'allowed' && jose === 'accepted';
  if (reasons[reason].outcome !== 'deny' || !jose.startsWith('ERR_')) return false;
  if (reason === 'signature_invalid') return jose === signatureFailed;
  return jose !== signatureFailed || beforeSignature.has(reason);
}

/** Verifies the signature in another way, with the key that signed the original token. */
function signatureOf({ token, signed }: Input): boolean {
  const { pair } = signed.key;
  return pair.jwk.kty === 'RSA'
    ? isSignedByArithmetic(token, signed.algorithm, pair)
    : isSignedByStream(token, signed.algorithm, pair);
}

function createCounts() {
  const verdicts = new Map<string, Map<string, number>>();
  const known = new Map<string, number>();
  const tampered = new Map<string, number>();
  const increment = (map: Map<string, number>, name: string) => void map.set(name, (map.get(name) ?? 0) + 1);
  const sorted = (map: ReadonlyMap<string, number>) =>
    Object.fromEntries([...map].sort(([a], [b]) => a.localeCompare(b)));
  return {
    verdict: (kind: string, reason: string) =>
      increment(
        verdicts.getOrInsertComputed(kind, () => new Map()),
        reason,
      ),
    known: (name: string) => increment(known, name),
    tampered: (how: string) => increment(tampered, how),
    read: () => ({
      verdicts: Object.fromEntries(
        [...verdicts].sort(([a], [b]) => a.localeCompare(b)).map(([kind, map]) => [kind, sorted(map)]),
      ),
      known: sorted(known),
      tampered: sorted(tampered),
    }),
  };
}
