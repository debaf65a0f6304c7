/** Flags that npm took for its own, as in `npm start --config F`; loaded only where npm started the process. */
import { configFlags } from '../config/load/settings.ts';
import { manual } from './manual.ts';

/** What is to be known of how npm started a process: `npm_lifecycle_event` and `npm_config_…`. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Says which flags of ours npm has kept, and how to write them.
 *
 * @param argv what the process was given
 * @returns undefined where there are none
 */
export function takenByNpm(argv: readonly string[], environment: Environment): string | undefined {
  return takenFlags(
    [...configFlags(), ...manual.flatMap(({ flags }) => flags.map(({ name }) => name))],
    argv,
    environment,
  );
}

/** The same for flags that are given by name. */
export function takenFlags(
  known: readonly string[],
  argv: readonly string[],
  environment: Environment,
): string | undefined {
  const { npm_lifecycle_event: script } = environment;
  if (script === undefined) return undefined;
  const given = argv.map((word) => word.split('=')[0]);
  const taken = [...new Set(known)].filter(
    (flag) => (environment[variableOf(flag)] ?? '') !== '' && !given.includes(flag),
  );
  if (taken.length === 0) return undefined;
  const command = script === 'start' ? 'npm start' : `npm run ${script}`;
  return `npm took the flag${taken.length > 1 ? 's' : ''} ${taken.join(', ')}: write \`${command} -- …\`, with the flags behind the two hyphens`;
}

function variableOf(flag: string): string {
  return `npm_config_${flag.replace(/^-+/, '').replaceAll('-', '_')}`;
}
