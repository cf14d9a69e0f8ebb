import { randomUUID } from 'node:crypto';
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import { scope } from './scope.ts';

/**
 * What this process is called in its traces, metrics and logs alike; made once, because each has an
 * instance id of its own. `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` have the last word.
 */
export function serviceResource(serviceName: string): Resource {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        [ATTR_SERVICE_NAME]: serviceName,
        [ATTR_SERVICE_VERSION]: scope.version,
        [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
      }),
    )
    .merge(detectResources({ detectors: [envDetector] }));
}

/** `deployment.environment.name`, such as `production`. */
export function readEnvironmentName(resource: Resource): string | undefined {
  const name = resource.attributes['deployment.environment.name'];
  return typeof name === 'string' ? name : undefined;
}
