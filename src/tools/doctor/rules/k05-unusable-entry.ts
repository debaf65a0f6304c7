/** K05: an entry that istiod cannot use. */
import type { Found } from '../finding.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { Entry, EntryField } from '../world/entries.ts';
import { portsOf, serviceNameOf } from '../world/workloads.ts';
import type { World } from '../world/world.ts';

/** The durations that Go reads, for example `1.5s` and `500us`. */
const goDuration = /^(0|((\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h))+)$/;

const listFields: readonly EntryField[] = ['include', 'onAllow', 'onDeny'];

/** For an unusable entry, istiod replaces the check by a rule that denies everything. It reports that only in its own log. */
export const unusableEntry: Rule<World> = {
  id: 'K05',
  title: 'Entry that Istio cannot use',
  severity: 'error',
  effect:
    'Istio never sends a check. It denies every request that a policy with this authorizer matches: the client gets 403 with `RBAC: access denied`. Only the log of istiod names the cause.',
  fix: 'Use a lower-case DNS label as name, the full host name of the Service, and a port of that Service. Write a timeout such as `2s`, and no lone `*` in a list.',
  check: (world) =>
    world.entries
      .filter(({ kind }) => kind === 'kyma' || kind.startsWith('istio'))
      .flatMap((entry) => [
        ...nameProblems(entry, world),
        ...serviceProblems(entry, world),
        ...listProblems(entry),
        ...pathProblems(entry),
        ...timeoutProblems(entry),
      ]),
};

function nameProblems(entry: Entry, { entries }: World): readonly Found[] {
  const place = entry.at('name');
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(entry.name))
    return [
      {
        place,
        cause: `The name ${JSON.stringify(entry.name)} is not a DNS label.`,
        fix: `Write a name of lower-case letters, digits and hyphens, at most 63 characters, for example \`oidc-authz\`.`,
      },
    ];
  const first = entries.find(({ object, name }) => object === entry.object && name === entry.name);
  return first === entry
    ? []
    : [
        {
          place,
          cause: `Two entries have the name ${entry.name}.`,
          fix: 'Delete one of the two, or rename it.',
        },
      ];
}

function serviceProblems(entry: Entry, world: World): readonly Found[] {
  const { service, port } = entry;
  if (service === '')
    return [
      {
        place: entry.at('service'),
        cause: `The entry ${entry.name} names no service.`,
        fix: 'Write `service: NAME.NAMESPACE.svc.cluster.local`.',
      },
    ];
  if (!service.includes('.'))
    return [
      {
        place: entry.at('service'),
        cause: `The service ${JSON.stringify(service)} is a short name.`,
        fix: `Write the full host name: \`service: ${service}.NAMESPACE.svc.cluster.local\`.`,
      },
    ];
  const cluster = /^(?:[^/]*\/)?([a-z0-9-]+)\.([a-z0-9-]+)(?:\.svc)?$/.exec(service);
  if (cluster !== null && !isExternal(service, world))
    return [
      {
        place: entry.at('service'),
        cause: `The service ${service} is not a full host name.`,
        fix: `Write \`service: ${cluster[1]}.${cluster[2]}.svc.cluster.local\`.`,
      },
    ];
  if (port === undefined || port < 1 || port > 65_535)
    return [
      {
        place: entry.at('port'),
        cause: `The port of the entry ${entry.name} is ${textOf(entry.value('port')) || 'absent'}; a port is a number from 1 to 65535.`,
        fix: 'Write the port of the Service for checks, for example `port: 8000`.',
      },
    ];
  return missingService(entry, port, world);
}

/** A Service is missing only if the manifests contain other Services of its namespace. */
function missingService({ service: host, name, at }: Entry, port: number, world: World): readonly Found[] {
  const wanted = serviceNameOf(host);
  const service = world.serviceAt(host);
  if (service === undefined) {
    const others = world.of('Service', '').filter(({ namespace }) => namespace === wanted?.namespace);
    return wanted === undefined || others.length === 0
      ? []
      : [
          {
            place: at('service'),
            // Only the Services of a part of the cluster may be in the manifests.
            ...(others.every((other) => !world.ownServices.includes(other)) && {
              severity: 'warning' as const,
            }),
            cause: `The manifests contain Services of namespace ${wanted.namespace}, but not ${wanted.name}.`,
            fix: `Name one of these Services: ${others.map((other) => other.name).join(', ')}.`,
          },
        ];
  }
  const ports = portsOf(service);
  return ports.some(({ number }) => number === port)
    ? []
    : [
        {
          place: at('port'),
          cause: `The entry ${name} uses port ${port}, which Service ${service.namespace}/${service.name} does not have.`,
          fix: `Write one of its ports: ${ports.map((one) => `${one.number} (${one.name})`).join(', ')}.`,
        },
      ];
}

function listProblems(entry: Entry): readonly Found[] {
  return listFields
    .filter((field) => entry.texts(field)?.includes('*'))
    .map((field) => ({
      place: entry.at(field),
      cause: `\`${entry.fieldName(field)}\` of the entry ${entry.name} contains \`*\`, which Istio rejects.`,
      fix: 'List the names of the headers, or a prefix such as `x-auth-request-*`.',
    }));
}

function pathProblems(entry: Entry): readonly Found[] {
  const prefix = textOf(entry.value('pathPrefix'));
  return prefix === '' || prefix.startsWith('/')
    ? []
    : [
        {
          place: entry.at('pathPrefix'),
          cause: `The path prefix ${JSON.stringify(prefix)} does not begin with /.`,
          fix: `Write \`pathPrefix: /${prefix}\`.`,
        },
      ];
}

function timeoutProblems(entry: Entry): readonly Found[] {
  const timeout = textOf(entry.value('timeout'));
  return timeout === '' || goDuration.test(timeout)
    ? []
    : [
        {
          place: entry.at('timeout'),
          cause: `The timeout of the entry ${entry.name} is ${JSON.stringify(timeout)}, which is not a duration.`,
          effect:
            'The CRD or the ConfigMap accepts the text, but the mesh cannot load the entry. It keeps its old configuration.',
          fix: `Write \`${entry.fieldName('timeout')}: 2s\`.`,
        },
      ];
}

/** Whether a ServiceEntry declares the host, which can be outside the cluster. */
function isExternal(host: string, { of }: World): boolean {
  return of('ServiceEntry', 'networking.istio.io').some((entry) =>
    entry.texts('spec', 'hosts').includes(host),
  );
}
