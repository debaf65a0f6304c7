/** Runs `generate` on a configuration in memory. */
import type { Config } from '../../src/config/declare/options.ts';
import { generate } from '../../src/tools/generate/generate.ts';
import { type Generated, printGenerated } from '../../src/tools/generate/generated.ts';
import type { GenerateFlags, Target } from '../../src/tools/generate/options.ts';

const noFlags: GenerateFlags = {
  name: undefined,
  namespace: undefined,
  service: undefined,
  transport: undefined,
  timeout: undefined,
  policy: undefined,
  workload: [],
  workloadNamespace: undefined,
  backend: undefined,
  host: [],
  gateway: undefined,
  route: undefined,
  existing: undefined,
  apirule: false,
  authorizationPolicy: false,
  bootstrap: false,
};

/** Generates with some flags. `existing` is the text of the file. */
export function generated(target: Target, config: Config, flags: Partial<GenerateFlags> = {}): Generated {
  return generate(target, config, { ...noFlags, ...flags }, (text) => text);
}

/** The YAML that the command prints. */
export function generatedYaml(target: Target, config: Config, flags: Partial<GenerateFlags> = {}): string {
  return printGenerated(generated(target, config, flags), 'yaml').output;
}
