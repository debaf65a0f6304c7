/** K34: certificates in Secrets that end soon. */
import { isMapping } from '../../../config/values/mapping.ts';
import { certificateEnds } from '../../../runtime/files/pem-blocks.ts';
import type { Found } from '../finding.ts';
import type { KubeObject } from '../read/objects.ts';
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

const day = 24 * 60 * 60 * 1_000;
const soon = 30 * day;

/** Reads only `tls.crt` and `ca.crt`, never a key. */
export const certificates: Rule<World> = {
  id: 'K34',
  title: 'Certificate that ends soon',
  severity: 'warning',
  effect: 'After its end, clients reject every connection to the gateway or to the listener that uses it.',
  fix: 'Renew the certificate, and write it into the Secret. The service reloads its own certificates without a restart.',
  check: (world) =>
    world
      .of('Secret', '')
      .flatMap((secret) => [
        ...certificatesIn(secret, 'stringData', (text) => text, world),
        ...certificatesIn(secret, 'data', (text) => Buffer.from(text, 'base64').toString('latin1'), world),
      ]),
};

function certificatesIn(
  secret: KubeObject,
  part: string,
  decode: (text: string) => string,
  world: World,
): readonly Found[] {
  const { now } = world;
  const isUsed = isReferenced(secret.name, world);
  const members = secret.get(part);
  return ['tls.crt', 'ca.crt'].flatMap((key) => {
    const text = isMapping(members) ? textOf(members[key]) : '';
    const end = text === '' ? undefined : endOf(decode(text));
    if (end === undefined || end - now > soon) return [];
    const date = new Date(end).toISOString().slice(0, 10);
    const days = Math.floor((end - now) / day);
    return [
      {
        place: secret.at(part, key),
        severity: end <= now && isUsed ? ('error' as const) : ('warning' as const),
        cause:
          end <= now
            ? `The certificate ended on ${date}.`
            : `The certificate ends on ${date}, in ${days} days.`,
      },
    ];
  });
}

/** The end of the first certificate of a chain, in milliseconds; undefined if there is none. */
function endOf(pem: string): number | undefined {
  try {
    return certificateEnds(pem)[0];
  } catch {
    return undefined;
  }
}

/** Whether a Gateway or the service uses the Secret. Any other Secret can be a forgotten one. */
function isReferenced(name: string, { of, ownWorkloads }: World): boolean {
  const users = [
    ...of('Gateway', 'networking.istio.io'),
    ...of('Gateway', 'gateway.networking.k8s.io'),
    ...ownWorkloads.map(({ object }) => object),
  ];
  return users.some(({ content }) => JSON.stringify(content.spec ?? '').includes(JSON.stringify(name)));
}
