/** Runs `generate` on a configuration in memory. */
import { noFlags } from '../../scripts/deploy/mesh.ts';
import type { Config } from '../../src/config/declare/options.ts';
import { generate } from '../../src/tools/generate/generate.ts';
import { type Generated, printGenerated } from '../../src/tools/generate/generated.ts';
import type { GenerateFlags, Target } from '../../src/tools/generate/options.ts';

/** Generates with some flags. `existing` is the text of the file. */
export function generated(target: Target, config: Config, flags: Partial<GenerateFlags> = {}): Generated {
  return generate(target, config, { ...noFlags, ...flags }, (text) => text);
}

/** The YAML that the command prints. */
export function generatedYaml(target: Target, config: Config, flags: Partial<GenerateFlags> = {}): string {
  return printGenerated(generated(target, config, flags), 'yaml').output;
}
