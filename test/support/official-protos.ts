/** Envoy's official protos from a published package, which our minimal ones must match. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { loadSync, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader';

const deps = join(dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')), 'deps');

const loaded = loadSync('envoy/service/auth/v3/external_auth.proto', {
  includeDirs: ['envoy-api', 'xds', 'protoc-gen-validate', 'googleapis'].map((folder) => join(deps, folder)),
  enums: String,
  longs: Number,
  defaults: false,
});

/** The official Check method: its serialisers. */
export const officialCheck = (loaded['envoy.service.auth.v3.Authorization'] as ServiceDefinition)
  .Check as MethodDefinition<object, object>;
