// A shop as it ships: events, cache, locks and workflows in the memory of its one process, no Redis;
// without the dashboard. The database is PEER_DATABASE.
const { defineConfig } = require('@medusajs/framework/utils');

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.PEER_DATABASE,
    databaseDriverOptions: { connection: { ssl: false } },
    http: {
      jwtSecret: 'bench',
      cookieSecret: 'bench',
      storeCors: 'http://127.0.0.1',
      adminCors: 'http://127.0.0.1',
      authCors: 'http://127.0.0.1',
    },
  },
});
