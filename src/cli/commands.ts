/** The commands by name. Each command's file is loaded only when it is needed. */
import type { Command, ManualPage } from './command.ts';

/** The commands that a user can run, in the order of the help text. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => {
    const { serve } = await import('./serve.ts');
    return serve;
  },
  'check-config': async () => {
    const { checkConfigCommand } = await import('./check-config.ts');
    return checkConfigCommand;
  },
  explain: async () => {
    const { explainCommand } = await import('./explain.ts');
    return explainCommand;
  },
  doctor: async () => {
    const { doctorCommand } = await import('./doctor.ts');
    return doctorCommand;
  },
  generate: async () => {
    const { generateCommand } = await import('./generate.ts');
    return generateCommand;
  },
  canary: async () => {
    const { canaryCommand } = await import('./canary.ts');
    return canaryCommand;
  },
  compare: async () => {
    const { compare } = await import('./compare.ts');
    return compare;
  },
  migrate: async () => {
    const { migrateCommand } = await import('./migrate.ts');
    return migrateCommand;
  },
  revoke: async () => {
    const { revokeCommand } = await import('./revoke.ts');
    return revokeCommand;
  },
  'support-bundle': async () => {
    const { supportBundleCommand } = await import('./support-bundle.ts');
    return supportBundleCommand;
  },
  help: async () => {
    const { help } = await import('./help.ts');
    return help;
  },
  version: async () => {
    const { versionCommand } = await import('./version.ts');
    return versionCommand;
  },
};

/** Loads the command of a worker process. */
export async function loadWorker(): Promise<Command> {
  const { worker } = await import('./worker.ts');
  return worker;
}

/** Loads the help pages of all commands. */
export async function loadManual(): Promise<readonly ManualPage[]> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  return loaded.flatMap(({ manual }) => manual);
}
