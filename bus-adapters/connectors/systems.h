// Tandem's own systems, one file each: their names, their field groups and their quirks. All that
// an adapter knows of a system is there.
#pragma once

#include "bus-adapters/connectors/tandem_connector.h"

namespace tandem::connectors {

TandemSystem CustomerSystem();     // the CRM's customers
TandemSystem BillingSystem();      // the ERP's customers
TandemSystem OpportunitySystem();  // the CRM's catalogue
TandemSystem InventorySystem();    // the ERP's products

// The field groups that the two customers, and the two products, name alike.
FieldMap CustomerFields();
FieldMap ProductFields();

}  // namespace tandem::connectors
