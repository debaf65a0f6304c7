/** Flags that npm does not pass on, as in `npm start --config F`. Loaded only if npm started the process. */

/**
 * Reports the flags that npm did not pass on, and how to write them.
 *
 * @param known the flags to look for
 * @param argv the arguments that the process got
 * @param environment with `npm_lifecycle_event` and `npm_config_…`
 * @returns undefined if npm took none
 */
export function flagsTakenByNpm(
  known: readonly string[],
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const { npm_lifecycle_event: script } = environment;
  if (script === undefined) return undefined;
  const received = argv.map((word) => word.split('=')[0]);
  const taken = [...new Set(known)].filter(
    (flag) => (environment[variableOf(flag)] ?? '') !== '' && !received.includes(flag),
  );
  if (taken.length === 0) return undefined;
  const command = script === 'start' ? 'npm start' : `npm run ${script}`;
  return `npm took the flag${taken.length > 1 ? 's' : ''} ${taken.join(', ')}; write \`${command} -- …\`, with the flags after \`--\``;
}

function variableOf(flag: string): string {
  return `npm_config_${flag.replace(/^-+/, '').replaceAll('-', '_')}`;
}
