/** Envoy's own protos, as a published package carries them: what our minimal ones must agree with. */
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
