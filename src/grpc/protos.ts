/** The messages of the protos, to and from their bytes; the one place that imports proto-loader. */
import { fileURLToPath } from 'node:url';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

/** Reads and writes the messages of one method. */
export interface MessageCodec<Request, Response> {
  /** Throws where the bytes are no such message. */
  readonly readRequest: (bytes: Buffer) => Request;
  readonly writeResponse: (message: Response) => Buffer;
  /** Reads back what was written. */
  readonly readResponse: (bytes: Buffer) => Response;
}

const folder = fileURLToPath(new URL('../../protos/', import.meta.url));

/**
 * Loads the codec of a method. Field names are in camel case, enumerations their names, and a field that was not
 * sent is absent.
 *
 * @param file in `protos/`
 */
export function loadCodec<Request, Response>(
  file: string,
  service: string,
  method: string,
): MessageCodec<Request, Response> {
  const definitions = loadSync(file, { includeDirs: [folder], enums: String, longs: Number });
  const { requestDeserialize, responseSerialize, responseDeserialize } = methodOf(
    definitions[service] as ServiceDefinition,
    method,
  );
  return {
    readRequest: (bytes) => requestDeserialize(bytes) as Request,
    writeResponse: (message) => responseSerialize(message as object),
    readResponse: (bytes) => responseDeserialize(bytes) as Response,
  };
}

function methodOf(service: ServiceDefinition, name: string): ServiceDefinition[string] {
  const method = service[name];
  if (method === undefined) throw new TypeError(`the proto defines no method ${name}`);
  return method;
}
