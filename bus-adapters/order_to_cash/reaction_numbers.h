// For tests: which reactions were reached.
#pragma once

#include <map>
#include <string>

namespace tandem::order_to_cash {

// The number of an event's reaction in DOMAIN section 4, from its type; 0 for none.
inline int ReactionOf(const std::string& type) {
  static const auto* numbers = new std::map<std::string, int>{{"QuoteAccepted", 1},
                                                              {"OrderPlaced", 2},
                                                              {"CreditReserved", 3},
                                                              {"CreditRefused", 4},
                                                              {"StockReserved", 5},
                                                              {"StockShort", 5},
                                                              {"OrderHeld", 6},
                                                              {"OrderReleased", 6},
                                                              {"OrderAmended", 7},
                                                              {"OrderCancelRequested", 8},
                                                              {"StockReleased", 9},
                                                              {"OrderCancelled", 10},
                                                              {"OrderClosed", 10},
                                                              {"ShipmentShipped", 11},
                                                              {"OrderShipmentRecorded", 12},
                                                              {"InvoicePosted", 13},
                                                              {"InvoicePartlySettled", 14},
                                                              {"InvoiceSettled", 14},
                                                              {"InvoiceReopened", 14},
                                                              {"ShipmentReturned", 15},
                                                              {"OrderReturnRecorded", 16},
                                                              {"CreditNotePosted", 17},
                                                              {"DebtorAccountBlocked", 18},
                                                              {"DebtorAccountUnblocked", 18}};
  const auto found = numbers->find(type.substr(type.rfind('.') + 1));
  return found == numbers->end() ? 0 : found->second;
}

}  // namespace tandem::order_to_cash
