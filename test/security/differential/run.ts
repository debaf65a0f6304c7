/**
 * The differential run: the same tokens to the service's verifier and to jose, while keys change. What both make of each must be the
 * same, or a difference that the table of known ones has a row for.
 */
import type { JSONWebKeySet } from 'jose';
import { type Reason, reasons } from '../../../src/model/reasons.ts';
import { createKeyPool, type Pair } from './key-pool.ts';
import { knownDifference } from './known-differences.ts';
import { isSignedByArithmetic, isSignedByStream, type JoseVerdict, signatureFailed } from './oracles.ts';
import { createRandom, type Random } from './random.ts';
import { type Origin, type SignedToken, signToken } from './signed.ts';
import { type Tampered, tamper } from './tamper.ts';
import { startTransports, type Transports } from './transports.ts';
import { type AskJose, createWorld, type World } from './world.ts';

/** How long to run, and with which chance. */
export interface RunOptions {
  readonly tokens: number;
  readonly seed: number;
  /** Keys to use; without, new ones are made. */
  readonly pool?: readonly Pair[];
  /** Hears of every difference that no rule explains, with all that it takes to see it again. */
  readonly onDifference: (difference: Difference) => void;
  /** What the verifier is made to say instead: for a test of the run itself. */
  readonly mistake?: (reason: Reason, token: string) => Reason;
  /** Whether to end before all were judged. */
  readonly isStopped?: () => boolean;
  /** Hears how many tokens were judged so far. */
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
  /** By how it was made; undefined where that does not say. */
  readonly isSigned: boolean | undefined;
  /** What another way to verify says of the signature alone. */
  readonly isSignedByOracle: boolean | undefined;
  /** The key sets before and, where keys changed meanwhile, after. */
  readonly keySets: readonly Readonly<Record<string, JSONWebKeySet>>[];
  readonly configuration: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What came of a run. */
export interface Summary {
  readonly judged: number;
  readonly overTransports: number;
  readonly signaturesByOracle: number;
  readonly signed: number;
  readonly rotations: number;
  readonly differences: number;
  /** How many verdicts there were of each kind, by algorithm and size of the key. */
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** How often each known difference was met. */
  readonly known: Readonly<Record<string, number>>;
  /** How often each way to tamper was tried. */
  readonly tampered: Readonly<Record<string, number>>;
}

const batchSize = 200;

/** An input: a token, from which it was made, and who judges it. */
interface Input extends Tampered {
  readonly signed: SignedToken;
  readonly verifier: keyof World['verifiers'];
}

/** Does it. */
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
  const world = await createWorld(options.pool ?? createKeyPool(), random);
  const counts = createCounts();
  const perEpoch = Math.max(1_000, Math.min(40_000, Math.ceil(tokens / 10)));
  let [judged, differences, overTransports, signaturesByOracle, signedCount, rotations] = [0, 0, 0, 0, 0, 0];
  let older: readonly SignedToken[] = [];

  /** Has one batch judged by both; keys may change in its midst. */
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
    // What the making of a token and other ways to verify say of its signature, where its key is the one that is asked.
    if (isSigned === false && afterSignature.has(reason)) return { what: 'made without a signature' };
    const isCurrent = !changes && isPublished(signed, world.origins());
    if (isSigned === true && isCurrent && reason === 'signature_invalid')
      return { what: 'made with a signature' };
    const isAsked = judged % 8 === 0 || (reason === 'signature_invalid' && isSigned === undefined);
    if (!isAsked || !isCurrent) return undefined;
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
      // So that unknown key ids are worth a fetch again, and tokens grow old.
      if (random.chance(0.1)) world.clock.pass(15_000);
    }
    older = fresh.slice(0, 400);
  }

  /** Has tokens go through the servers too: each must answer what the verifier found. */
  async function compareTransports(transports: Transports, inputs: readonly Input[]): Promise<number> {
    let asked = 0;
    for (const input of inputs) {
      // What else there is, HTTP does not carry or reads otherwise.
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

/** Makes inputs: half of them untouched, some of them twice at once. */
function createInputs(bases: readonly SignedToken[], random: Random, count: number): readonly Input[] {
  const inputs: Input[] = [];
  while (inputs.length < count) {
    const signed = random.pick(bases);
    const tampered = random.chance(0.45)
      ? { token: signed.token, how: '', isSigned: signed.oddity === 'alg' ? undefined : true }
      : tamper(signed, random.pick(bases), random);
    const verifier = random.chance(0.7) ? 'cold' : random.pick(['remembering', 'mirrored'] as const);
    const input = { ...tampered, signed, verifier } as const;
    inputs.push(input);
    while (random.chance(0.1)) inputs.push(input);
  }
  return inputs.slice(0, count);
}

/** What a token can be odd about so that another key than its own, or none, is asked. */
const otherKeyOddities = ['alg', 'no alg', 'kid', 'no kid', 'a parameter twice'];

/** Whether the key of a token is published for it now, and no other under its name. */
function isPublished({ key, algorithm, oddity }: SignedToken, origins: readonly Origin[]): boolean {
  if (otherKeyOddities.includes(oddity)) return false;
  return origins.some(({ keys }) =>
    keys.some(
      ({ pair, kid, alg }) =>
        pair === key.pair && kid === key.kid && (alg === undefined || alg === algorithm),
    ),
  );
}

/** Asks the service's verifier. What it throws is what `check/authenticate.ts` would make an error of. */
async function ask(world: World, { token, verifier }: Input, random: Random): Promise<Reason> {
  try {
    const verdict = await world.verifiers[verifier](shaped(token, random));
    return verdict.outcome === 'verified' ? 'allowed' : verdict.reason;
  } catch {
    return 'internal_error';
  }
}

/** The same text as another kind of string inside V8: flat, cut out, put together, of two bytes, or outside of its heap. */
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

/** The reasons that are found before a signature is looked at. */
const beforeSignature: ReadonlySet<Reason> = new Set<Reason>([
  'token_malformed',
  'token_duplicated',
  'token_too_large',
  'algorithm_not_allowed',
  'issuer_unknown',
  'key_not_found',
  'claim_invalid',
]);

/** The reasons that are found only where the signature is good. */
const afterSignature: ReadonlySet<Reason> = new Set<Reason>([
  'allowed',
  'token_expired',
  'token_not_yet_valid',
  'audience_mismatch',
  'token_type_not_allowed',
  'token_bound',
  'claim_missing',
]);

/** Whether both say the same: let in or not, and of the signature the same, where both come to look at it. */
export function isSame(reason: Reason, jose: JoseVerdict): boolean {
  if (reason === 'allowed' || jose === 'accepted') return reason === 'allowed' && jose === 'accepted';
  if (reasons[reason].outcome !== 'deny' || !jose.startsWith('ERR_')) return false;
  if (reason === 'signature_invalid') return jose === signatureFailed;
  return jose !== signatureFailed || beforeSignature.has(reason);
}

/** What another way to verify says of a signature, with the key that signed the token before it was tampered with. */
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
