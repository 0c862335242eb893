// A shop that can sell, made in an empty database by Vendure's own populate. The last line printed is
// what a client has to know, as JSON.
//
//   node setup.js CUSTOMERS PRODUCTS STOCK FOLDER
const fs = require('fs');
const path = require('path');
const {
  bootstrap, CustomerService, JobQueueService, LanguageCode, ProductVariant, RequestContextService,
  ShippingMethod, TransactionalConnection,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { config } = require('./config');

const TAX_PERCENT = 19;
const SHIPPING = 500;

// Whole amounts, so that every tax is exact.
const price = (number) => 1 + (number % 97);

const shop = {
  defaultLanguage: LanguageCode.en,
  defaultZone: 'Europe',
  countries: [{ name: 'Germany', code: 'DE', zone: 'Europe' }],
  taxRates: [{ name: 'Standard Tax', percentage: TAX_PERCENT }],
  shippingMethods: [{ name: 'Standard Shipping', price: SHIPPING }],
  paymentMethods: [{
    name: 'Standard Payment',
    handler: {
      code: 'dummy-payment-handler',
      arguments: [{ name: 'automaticSettle', value: 'true' }],
    },
  }],
  collections: [],
};

function products(count, stock, folder) {
  const lines = ['name,slug,description,assets,facets,optionGroups,optionValues,sku,price,' +
    'taxCategory,stockOnHand,trackInventory,variantAssets,variantFacets'];
  for (let n = 1; n <= count; n++) {
    lines.push(`Product ${n},product-${n},A product,,,,,P${n},${price(n)}.00,standard,${stock},` +
      'true,,');
  }
  const file = path.join(folder, 'vendure-products.csv');
  fs.writeFileSync(file, lines.join('\n') + '\n');
  return file;
}

async function setUp(customerCount, productCount, stock, folder) {
  const started = () => bootstrap(config).then(async (app) => {
    await app.get(JobQueueService).start();
    return app;
  });
  const app = await populate(started, shop, products(productCount, stock, folder));
  const context = await app.get(RequestContextService).create({ apiType: 'admin' });
  const customers = [];
  for (let n = 1; n <= customerCount; n++) {
    const emailAddress = `customer${n}@example.com`;
    const made = await app.get(CustomerService).create(
      context, { firstName: 'Customer', lastName: String(n), emailAddress });
    if (!made.id) {
      throw new Error(`customer ${n}: ${JSON.stringify(made)}`);
    }
    customers.push(emailAddress);
  }
  const connection = app.get(TransactionalConnection).rawConnection;
  const variants = await connection.getRepository(ProductVariant).find({ order: { id: 'ASC' } });
  const [method] = await connection.getRepository(ShippingMethod).find();
  const told = {
    customers,
    products: variants.map((one) => [one.id, one.productId, price(Number(one.sku.slice(1)))]),
    shippingMethod: method.id,
    shipping: SHIPPING,
    paymentMethod: 'standard-payment',
    stock,
  };
  await app.close();
  return told;
}

setUp(...process.argv.slice(2, 5).map(Number), process.argv[5]).then((told) => {
  console.log(JSON.stringify(told));
  process.exit(0);
}).catch((error) => {
  console.error(error);
  process.exit(1);
});
