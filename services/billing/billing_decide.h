// All decisions of billing: the business, pure. One header per lifecycle.
#pragma once

#include "services/billing/billing_decide_account.h"
#include "services/billing/billing_decide_company.h"
#include "services/billing/billing_decide_credit.h"
#include "services/billing/billing_decide_credit_note.h"
#include "services/billing/billing_decide_customer.h"
#include "services/billing/billing_decide_invoice.h"
#include "services/billing/billing_decide_payment.h"
#include "services/billing/billing_decide_period.h"
#include "services/billing/billing_decide_tax_code.h"
