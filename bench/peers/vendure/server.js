// node server.js server|worker
const { bootstrap, bootstrapWorker } = require('@vendure/core');
const { config } = require('./config');

const start = process.argv[2] === 'worker'
  ? bootstrapWorker(config).then((worker) => worker.startJobQueue())
  : bootstrap(config);

start.then(() => console.log('ready')).catch((error) => {
  console.error(error);
  process.exit(1);
});
