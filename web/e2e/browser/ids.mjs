// Something on every page: the demo's instance on MongoDB with conflicts, refused writes and deliveries.
import { rest, upload } from './stack.mjs';
import { seedAll } from './seed.mjs';

/** Fills the stack and gives the ids of what pages show. */
export async function seeded(dev) {
  const call = rest(dev);
  const instance = dev.instances.find((i) => i.source === 'mongodb').id;
  await seedAll(dev, 'mongodb');
  await upload(dev.instances.find((i) => i.source === 'mongodb'), 'demo', [{ crud: [{ op: 'PUT', table: 'lists', id: '65f0c0ffee00000000001111', op_id: 1, op_data: { name: 'Seen', owner_id: 'demo' } }] }], { client: { id: 'phone', sdk: 'js', app_version: '1.2.3', queue_count: 3 } });
  const first = async (path) => (await call('GET', path)).data[0];
  const { project_id: project } = await call('GET', `/instances/${instance}`);
  const { organization_id: org } = await call('GET', `/projects/${project}`);
  // A receiver that nobody runs: the page shows how that goes.
  await call('POST', `/orgs/${org}/telemetry-exports`, { name: 'Collector', endpoint: 'http://127.0.0.1:9', headers: { authorization: 'Bearer x' }, signals: ['traces', 'metrics', 'logs'] });
  const conflict = (await first(`/instances/${instance}/conflicts`)).id;
  const { id: rejection, request_id: request } = await first(`/instances/${instance}/rejections`);
  const delivery = (await first(`/instances/${instance}/deliveries`)).id;
  const { number: deployment } = await first(`/instances/${instance}/deployments`);
  return { org, project, instance, conflict, rejection, delivery, deployment, request };
}
