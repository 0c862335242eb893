// The columns of a resource's table for filters and orders, by the naming rules of
// platform/store/table.h.
#pragma once

#include "platform/rpc/field_path.h"
#include "platform/store/table.h"

namespace tandem::rpc {

// `table` must outlive the mapper.
ColumnMapper ColumnsOf(const store::TableSpec& table);

}  // namespace tandem::rpc
