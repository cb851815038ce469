// The story by Google's Node.js clients: node tell.js grpc|rest GIVEN, where GIVEN is JSON (story.py).
// Only the endpoint settings differ from what is written for Google.
'use strict';

const {ServicesClient, RevisionsClient} = require('@google-cloud/run').v2;
const {CloudBuildClient} = require('@google-cloud/cloudbuild').v1;
const {GoogleAuth, PassThroughClient} = require('google-auth-library');
const gax = require('google-gax');

const PLACE = 'projects/p1/locations/europe-west1';
const REQUESTS = 30;
const BY_NAME = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';

function settings(wire, endpoint) {
  const {hostname, port} = new URL(endpoint);
  const auth = new GoogleAuth({authClient: new PassThroughClient()}); // otherwise it looks for Google's metadata server
  const there = {apiEndpoint: hostname, port: Number(port), auth};
  return wire === 'grpc'
    ? {...there, sslCreds: gax.grpc.credentials.createInsecure()}
    : {...there, protocol: 'http', fallback: true};
}

async function tell(wire, given) {
  const [services, revisions, builds] = [ServicesClient, RevisionsClient, CloudBuildClient].map(
    client => new client(settings(wire, given.endpoint))
  );
  const name = `${PLACE}/services/${given.service}`;
  const [older, newer] = [`${given.service}-v1`, `${given.service}-v2`];
  const told = {};

  const image = await built(builds, given);
  told.built = image.digest;

  const first = {template: template(older, image)};
  const {uri} = await done(services.createService({parent: PLACE, serviceId: given.service, service: first}));
  told.created = await serving(uri);

  const traffic = [target(older, 100), {...target(newer, 0), tag: 'next'}];
  const second = {name, template: template(newer, image), traffic};
  const updated = await done(services.updateService({service: second}));
  told.updated = await serving(uri);
  told.tagged = await serving(updated.trafficStatuses.find(status => status.tag).uri);

  const shift = shares => done(services.updateService({service: {name, traffic: shares}, updateMask: {paths: ['traffic']}}));
  await shift([target(older, 50), target(newer, 50)]);
  told.split = await serving(uri);
  told.described = await described(services, revisions, name);

  await shift([target(older, 100)]);
  told['rolled back'] = await serving(uri);

  await done(services.deleteService({name}));
  told.deleted = await serving(uri);
  told.missing = await services.getService({name}).then(() => 'it is there', refusal);
  await Promise.all([services.close(), revisions.close(), builds.close()]);
  return told;
}

async function built(builds, given) {
  const build = {
    source: {gitSource: {url: given.repository, revision: given.commit}},
    steps: [{name: 'gcr.io/k8s-skaffold/pack', args: ['build', 'eu/p1/api:v1', '--builder', 'b']}],
    images: ['eu/p1/api:v1'],
  };
  const ended = await done(builds.createBuild({projectId: 'p1', build}));
  return ended.results.images[0];
}

async function done(call) {
  const [operation] = await call;
  const [resource] = await operation.promise();
  return resource;
}

function template(revision, image) {
  return {revision, containers: [{image: `${image.name.split(':')[0]}@${image.digest}`}]};
}

function target(revision, percent) {
  return {type: BY_NAME, revision, percent};
}

async function described(services, revisions, name) {
  const [service] = await services.getService({name});
  const [found] = await revisions.listRevisions({parent: name});
  return {
    traffic: service.trafficStatuses.map(status => [status.revision, status.percent]),
    revisions: found.map(revision => revision.name.split('/').pop()),
  };
}

// gRPC's number has a name. The fallback lets the answer itself through: HTTP's number, and Google's envelope
// as the message (google-gax 5.0.8).
function refusal(error) {
  return gax.Status[error.code] ?? JSON.parse(error.message).error.status;
}

async function serving(url) {
  const found = new Set();
  for (let request = 0; request < REQUESTS; request++) {
    try {
      found.add((await (await fetch(url)).json()).K_REVISION);
    } catch {
      break;
    }
  }
  return [...found].sort();
}

tell(process.argv[2], JSON.parse(process.argv[3])).then(
  told => console.log(JSON.stringify(told)),
  error => {
    console.error(error);
    process.exitCode = 1;
  }
);
