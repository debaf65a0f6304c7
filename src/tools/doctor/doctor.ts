/** `doctor` for manifests: reads them, runs the rules, and returns the diagnosis. */
import type { Config } from '../../config/declare/options.ts';
import { ConfigError } from '../../config/validate/problems.ts';
import type { Finding } from './finding.ts';
import type { InputText } from './read/input.ts';
import { runRules } from './rule.ts';
import { manifestRules } from './rules.ts';
import { configInManifests, type OwnConfig } from './world/own-config.ts';
import { isRelevant, readManifests, type World } from './world/world.ts';

/** The input of a diagnosis. */
export interface DoctorInput {
  readonly texts: readonly InputText[];
  /** The configuration that the operator names; absent: the one in the manifests. */
  readonly config?: { readonly config: Config; readonly source: string };
  /** Names of the entries that are the service; empty: found by name and Service. */
  readonly authorizers: readonly string[];
  /** Ids of findings to leave out. */
  readonly ignored: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The result of the command, before it is written as text, JSON or SARIF. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  /** Sentences about what was read, and what was not. */
  readonly notes: readonly string[];
  /** The number of objects that rules read, by kind. */
  readonly objects: Readonly<Record<string, number>>;
  readonly files: number;
  /** The configuration that the rules used; absent without one. */
  readonly named?: { readonly config: Config; readonly source: string };
}

/**
 * Diagnoses manifests.
 *
 * @throws ConfigError if an input is not YAML, or if no input has an object that a rule reads
 */
export async function diagnoseManifests(input: DoctorInput): Promise<Diagnosis> {
  const { manifests, problems, notes } = readManifests(input.texts, input.authorizers);
  if (problems.length > 0) throw new ConfigError(problems);
  const relevant = manifests.objects.filter(isRelevant);
  if (relevant.length === 0 && manifests.patches.length === 0)
    throw new ConfigError([
      {
        path: '',
        source: input.texts.map(({ name }) => name).join(', '),
        message: manifests.objects.some(
          (object) => object.kind === '' && object.get('static_resources') !== undefined,
        )
          ? 'this is a configuration of Envoy; start Envoy with it, and pass its admin port with --envoy URL'
          : 'there is no object that doctor reads; pass manifests of the mesh, for example kubectl get istios.operator.kyma-project.io,apirules,authorizationpolicies,services,deployments -A -o yaml',
      },
    ]);
  const own: OwnConfig | undefined =
    input.config === undefined
      ? await configInManifests(manifests.objects, manifests.ownWorkloads)
      : { ...input.config, problems: [], notes: [] };
  const world: World = {
    ...manifests,
    ...(own !== undefined && { ownConfig: own }),
    ...(own?.config !== undefined && { config: own.config }),
    now: input.now,
  };
  const counts = Map.groupBy(
    [
      ...relevant.map(({ kind }) => kind || 'mesh configuration'),
      ...manifests.patches.map(() => 'JSON patch operation'),
    ],
    (kind) => kind,
  );
  return {
    findings: runRules(manifestRules, world, input.ignored),
    notes: [...notes, ...configNotes(own), ...entryNotes(world), ...ignoredNotes(input.ignored)],
    objects: Object.fromEntries(
      [...counts]
        .map(([kind, members]) => [kind, members.length] as const)
        .toSorted(([a], [b]) => a.localeCompare(b)),
    ),
    files: input.texts.length,
    ...(own?.config !== undefined && { named: { config: own.config, source: own.source } }),
  };
}

function configNotes(own: OwnConfig | undefined): readonly string[] {
  if (own?.config !== undefined) return [`The configuration is that of ${own.source}.`, ...own.notes];
  const skipped = manifestRules.filter(({ needsConfig }) => needsConfig).map(({ id }) => id);
  return [
    `${own === undefined ? 'No configuration of oidc-authz was found' : `The configuration in ${own.source} is invalid`}; skipped the rules that need it (${skipped.join(', ')}). Name the configuration with --config FILE.`,
    ...(own?.notes ?? []),
  ];
}

function entryNotes({ entries, ownEntries, patches }: World): readonly string[] {
  if (entries.length === 0 && patches.length === 0)
    return [
      'No entry of an authorizer was found. Add the resource that registers it: the Istio resource of Kyma, the ConfigMap istio of istiod, or the SecurityPolicy.',
    ];
  if (ownEntries.length > 0 || entries.length === 0) return [];
  const names = [...new Set(entries.map(({ name }) => name))].join(', ');
  return [
    `No entry was recognized as oidc-authz (entries: ${names}), so its header lists were not checked. Name it with --authorizer NAME.`,
  ];
}

function ignoredNotes(ignored: readonly string[]): readonly string[] {
  return ignored.length === 0 ? [] : [`Ignored: ${ignored.join(', ')}.`];
}
