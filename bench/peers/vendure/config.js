// A shop as `@vendure/create` makes it: server and worker, jobs in the database, its search index;
// without mail, files and the dashboard. The database is PEER_DATABASE, the port PEER_PORT.
const {
  DefaultGuestCheckoutStrategy, DefaultJobQueuePlugin, DefaultLogger, DefaultSchedulerPlugin,
  DefaultSearchPlugin, LogLevel, dummyPaymentHandler,
} = require('@vendure/core');

const database = new URL(process.env.PEER_DATABASE);

exports.config = {
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.PEER_PORT || 0),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
  },
  authOptions: {
    tokenMethod: ['bearer'],
    superadminCredentials: { identifier: 'superadmin', password: 'bench-tandem-1' },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: database.hostname,
    port: Number(database.port),
    username: database.username,
    password: '',
    database: database.pathname.slice(1),
    schema: 'public',
    synchronize: process.env.PEER_SET_UP === '1',
    logging: false,
  },
  orderOptions: {
    // The bench's customers have accounts, and buy without signing in.
    guestCheckoutStrategy: new DefaultGuestCheckoutStrategy({
      allowGuestCheckouts: true,
      allowGuestCheckoutForRegisteredCustomers: true,
    }),
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: true }),
  plugins: [
    DefaultSchedulerPlugin.init(),
    DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true }),
    DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true }),
  ],
};
