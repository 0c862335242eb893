// The order as a document: its lines' quantities, its totals and the statuses derived from them.
// Pure arithmetic over the stored message; it knows no command and emits nothing.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "platform/base/state.h"
#include "tandem/order/v1/order.pb.h"

namespace tandem::order {

// The micros of a value that was checked before it was stored; 0 when absent.
int64_t Micros(const type::v1::Quantity& quantity);
int64_t Micros(const google::type::Money& money);

// A line's quantities in micros of its base unit.
struct Figures {
  int64_t ordered = 0, cancelled = 0, reserved = 0, backordered = 0;
  int64_t shipped = 0, invoiced = 0, credited = 0, returned = 0;

  static Figures Of(const v1::OrderLine& line);
  void WriteTo(v1::OrderLine* line) const;  // in the unit of line.ordered
  int64_t standing() const { return ordered - cancelled; }
  int64_t open() const { return ordered - cancelled - shipped; }
  // Reserved and backordered made to fit into what is open: what is too much was shipped.
  void TrimToOpen();
};

// The order's line of that number; null when there is none.
v1::OrderLine* LineOf(v1::Order* order, int32_t line_number);
const v1::OrderLine* LineOf(const v1::Order& order, int32_t line_number);
const v1::RecordedShipment* ShipmentOf(const v1::Order& order, absl::string_view shipment_id);
v1::RecordedInvoice* InvoiceOf(v1::Order* order, absl::string_view invoice_id);

// CLOSED or CANCELLED.
bool IsFinal(const v1::Order& order);
// A hold of this reason, whatever its line.
bool HasHold(const v1::Order& order, v1::HoldReason reason);
// Nothing is left to ship.
bool NothingOpen(const v1::Order& order);
// CONFIRMED, nothing open, everything shipped invoiced, every invoice settled.
bool MayClose(const v1::Order& order);

// Makes nets of lines, totals and the derived statuses follow from quantities, prices and invoices.
// Errors: MONEY_OUT_OF_RANGE.
absl::Status Refresh(v1::Order* order);

// A quantity of a fact about this line: 0 when absent. Errors: those of the quantity, and
// FAILED_PRECONDITION ORDER_UNIT_MISMATCH when it is not in the line's base unit.
absl::StatusOr<int64_t> FactQuantity(const type::v1::Quantity& quantity, const v1::OrderLine& line,
                                     absl::string_view field);

google::protobuf::Timestamp TimestampOf(int64_t micros);

// The order, or NOT_FOUND ORDER_NOT_FOUND.
absl::StatusOr<const v1::Order*> FindOrder(absl::string_view id, const State& state);
// FAILED_PRECONDITION ORDER_LINE_UNKNOWN.
absl::Status LineUnknown(const v1::Order& order, int32_t line_number);

// Closes the order when it may be, and tells it.
void CloseIfDone(Context& context, State& state, const std::string& id);

}  // namespace tandem::order
