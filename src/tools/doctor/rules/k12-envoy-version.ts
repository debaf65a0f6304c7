/** K12: a version of Envoy that drops the headers of denials. */
import { textOf } from '../read/objects.ts';
import type { Rule } from '../rule.ts';
import type { World } from '../world/world.ts';

/** With a login, the redirect to the issuer is a denial. */
export const loginOnOldEnvoy = {
  severity: 'error',
  effect:
    'Envoy 1.37.0 drops the headers of a denial over HTTP (envoyproxy/envoy#43043). A login cannot work: its redirect has no cookie.',
} as const;

/** Envoy 1.37.0; 1.37.1 has the fix. */
export const envoyVersion: Rule<World> = {
  id: 'K12',
  title: 'Version of Envoy that drops the headers of denials',
  severity: 'warning',
  effect:
    'Envoy 1.37.0 drops the headers of a denial over HTTP: the client gets neither `www-authenticate` nor `content-type` nor the decision ID.',
  fix: 'Use Envoy 1.37.1 or later.',
  check: ({ workloads, config }) =>
    workloads.flatMap(({ object, containers, podPath }) =>
      containers.flatMap(({ image }, index) =>
        /(^|\/)envoy:(\w+-)*v1\.37\.0([-@]|$)/.test(textOf(image))
          ? [
              {
                place: object.at(...podPath, 'spec', 'containers', index, 'image'),
                cause: `The image is ${textOf(image)}.`,
                ...(config?.login !== undefined && loginOnOldEnvoy),
              },
            ]
          : [],
      ),
    ),
};
