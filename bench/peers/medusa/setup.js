// A shop that can sell, made by Medusa's own workflows in a database with its tables (db:migrate).
// What a client has to know goes to FILE, as JSON.
//
//   medusa exec ./setup.js CUSTOMERS PRODUCTS STOCK FILE
const fs = require('fs');
const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils');
const flows = require('@medusajs/medusa/core-flows');

const TAX_PERCENT = 19;
const SHIPPING = 5;
const BATCH = 50;

// Whole amounts, so that every tax is exact to the cent.
const price = (number) => 1 + (number % 97);

function* batches(count) {
  for (let first = 1; first <= count; first += BATCH) {
    yield Array.from({ length: Math.min(BATCH, count - first + 1) }, (_, at) => first + at);
  }
}

async function setUp({ container, args }) {
  const [customers, products, stock] = args.slice(0, 3).map(Number);
  const run = async (flow, input) => (await flow(container).run({ input })).result;
  const link = container.resolve(ContainerRegistrationKeys.LINK);

  const [channel] = await run(flows.createSalesChannelsWorkflow, {
    salesChannelsData: [{ name: 'Bench' }],
  });
  const [region] = await run(flows.createRegionsWorkflow, {
    regions: [{
      name: 'Germany', currency_code: 'eur', countries: ['de'],
      payment_providers: ['pp_system_default'],
    }],
  });
  await run(flows.createTaxRegionsWorkflow, [{
    country_code: 'de',
    provider_id: 'tp_system',
    default_tax_rate: { name: 'VAT', code: 'vat', rate: TAX_PERCENT },
  }]);
  const [location] = await run(flows.createStockLocationsWorkflow, {
    locations: [{
      name: 'Warehouse', address: { address_1: 'Street 1', city: 'Town', country_code: 'DE' },
    }],
  });
  await run(flows.linkSalesChannelsToStockLocationWorkflow, { id: location.id, add: [channel.id] });
  const [profile] = await run(flows.createShippingProfilesWorkflow, {
    data: [{ name: 'Bench', type: 'default' }],
  });
  const set = await container.resolve(Modules.FULFILLMENT).createFulfillmentSets({
    name: 'Delivery',
    type: 'shipping',
    service_zones: [{ name: 'Germany', geo_zones: [{ type: 'country', country_code: 'de' }] }],
  });
  for (const other of [{ fulfillment_provider_id: 'manual_manual' },
    { fulfillment_set_id: set.id }]) {
    await link.create({
      [Modules.STOCK_LOCATION]: { stock_location_id: location.id },
      [Modules.FULFILLMENT]: other,
    });
  }
  await run(flows.createShippingOptionsWorkflow, [{
    name: 'Standard',
    price_type: 'flat',
    provider_id: 'manual_manual',
    service_zone_id: set.service_zones[0].id,
    shipping_profile_id: profile.id,
    type: { label: 'Standard', description: 'Standard', code: 'standard' },
    prices: [{ currency_code: 'eur', amount: SHIPPING }],
    rules: [
      { attribute: 'enabled_in_store', value: 'true', operator: 'eq' },
      { attribute: 'is_return', value: 'false', operator: 'eq' },
    ],
  }]);
  const [shopKey] = await run(flows.createApiKeysWorkflow, {
    api_keys: [{ title: 'Shop', type: 'publishable', created_by: '' }],
  });
  await run(flows.linkSalesChannelsToApiKeyWorkflow, { id: shopKey.id, add: [channel.id] });
  const [adminKey] = await run(flows.createApiKeysWorkflow, {
    api_keys: [{ title: 'Admin', type: 'secret', created_by: '' }],
  });

  const made = [];
  for (const numbers of batches(products)) {
    const found = await run(flows.createProductsWorkflow, {
      products: numbers.map((n) => ({
        title: `Product ${n}`,
        handle: `product-${n}`,
        status: 'published',
        shipping_profile_id: profile.id,
        options: [{ title: 'Size', values: ['One'] }],
        variants: [{
          title: 'One', sku: `P${n}`, options: { Size: 'One' },
          prices: [{ currency_code: 'eur', amount: price(n) }],
        }],
        sales_channels: [{ id: channel.id }],
      })),
    });
    for (const one of found) {
      made.push([one.variants[0].id, one.id, price(Number(one.handle.slice('product-'.length)))]);
    }
  }
  const { data: items } = await container.resolve(ContainerRegistrationKeys.QUERY).graph({
    entity: 'inventory_item', fields: ['id'],
  });
  await run(flows.createInventoryLevelsWorkflow, {
    inventory_levels: items.map((item) => ({
      inventory_item_id: item.id, location_id: location.id, stocked_quantity: stock,
    })),
  });
  const emails = [];
  for (const numbers of batches(customers)) {
    const found = await run(flows.createCustomersWorkflow, {
      customersData: numbers.map((n) => ({
        email: `customer${n}@example.com`, first_name: 'Customer', last_name: String(n),
      })),
    });
    emails.push(...found.map((one) => one.email));
  }
  fs.writeFileSync(args[3], JSON.stringify({
    customers: emails,
    products: made,
    stocked: items.length,
    region: region.id,
    shopKey: shopKey.token,
    adminKey: adminKey.token,
    shipping: SHIPPING,
  }));
}

Object.defineProperty(exports, '__esModule', { value: true });
exports.default = setUp;
