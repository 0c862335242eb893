#include <google/protobuf/unknown_field_set.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/rpc/admission.h"
#include "platform/rpc/call_checks.h"
#include "platform/rpc/columns.h"
#include "platform/rpc/commands.h"
#include "platform/rpc/filter.h"
#include "platform/rpc/filter_sql.h"
#include "platform/rpc/get_rounds.h"
#include "platform/rpc/grpc_status.h"
#include "platform/rpc/order_by.h"
#include "platform/rpc/page_token.h"
#include "platform/rpc/validate.h"
#include "platform/rpc/work_pool.h"
#include "platform/store/reader.h"

namespace tandem::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kBatchIdsMax = 1000;
constexpr absl::string_view kPageTokenKey =
    "SELECT value FROM process_settings WHERE name = 'page_token_key'";

std::string TextField(const Message& message, const char* name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr ? "" : message.GetReflection()->GetString(message, field);
}

absl::Status NotFound(absl::string_view entity, const std::vector<std::string>& ids) {
  absl::Status status = Refuse(absl::StatusCode::kNotFound, absl::StrCat(entity, "_NOT_FOUND"),
                               absl::StrCat("not found: ", absl::StrJoin(ids, ", ")), "id");
  AddMetadata(&status, "ids", absl::StrJoin(ids, ","));
  return status;
}

// The field of an answer that holds the resources: its first repeated message.
const FieldDescriptor* ResourcesOf(const Descriptor* answer) {
  for (int i = 0; i < answer->field_count(); ++i) {
    if (answer->field(i)->is_repeated() && answer->field(i)->message_type() != nullptr) {
      return answer->field(i);
    }
  }
  return nullptr;
}

// A stored resource becomes the answer without being parsed and written again: what a message does
// not know goes out as it came in, and to the caller the bytes are the same.
bool AnswerWith(const std::string& bytes, Message* answer) {
  return answer->GetReflection()->MutableUnknownFields(answer)->ParseFromString(bytes);
}

// The same for one more of the answer's resources.
void AddResource(const std::string& bytes, const FieldDescriptor* resources, Message* answer) {
  *answer->GetReflection()->MutableUnknownFields(answer)->AddLengthDelimited(resources->number()) =
      bytes;
}

// `$1` and on of a filter's or order's text become store parameters.
void AddParams(const std::vector<SqlValue>& values, std::vector<store::Value>* params) {
  for (const SqlValue& value : values) {
    if (const auto* number = std::get_if<int64_t>(&value)) {
      params->push_back(*number);
    } else {
      params->push_back(std::get<std::string>(value));
    }
  }
}

}  // namespace

// A few threads that read; callers queue. gRPC's own threads never wait for a database.
struct Reads::Rep {
  Rep(store::Reader& r, std::string s, int threads)
      : reader(r),
        service(std::move(s)),
        validator(ValidatorOf(service)),
        rounds(r, pool),
        pool(threads) {}

  absl::Status Check(const grpc::CallbackServerContext& context, const Message& request) const {
    TANDEM_RETURN_IF_ERROR(CheckCall(DefaultCallChecks(), context));
    TANDEM_RETURN_IF_ERROR(CheckRequestSize(request, kRequestBytesMax));
    return validator.Check(request);
  }

  grpc::ServerUnaryReactor* Queue(grpc::CallbackServerContext* context, const Message& request,
                                  std::function<absl::Status()> read) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    absl::Status status = Check(*context, request);
    if (status.ok()) status = QueueChecked(reactor, TimeLeft(*context), std::move(read));
    if (!status.ok()) reactor->Finish(ToGrpc(status));
    return reactor;
  }

  grpc::ServerUnaryReactor* QueueGet(grpc::CallbackServerContext* context, const Message& request,
                                     Message* answer, absl::string_view entity) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    absl::Status status = Check(*context, request);
    if (status.ok()) status = GetChecked(reactor, TimeLeft(*context), request, answer, entity);
    if (!status.ok()) reactor->Finish(ToGrpc(status));
    return reactor;
  }

  absl::Status GetChecked(grpc::ServerUnaryReactor* reactor, absl::Duration left,
                          const Message& request, Message* answer, absl::string_view entity) {
    const std::string id =
        request.GetReflection()->GetString(request, request.GetDescriptor()->field(0));
    TANDEM_ASSIGN_OR_RETURN(const Admission::Ticket ticket, admission.Enter(left));
    const auto done = [this, reactor, ticket, id, answer, entity](GetRounds::Found row) {
      admission.Leave(ticket, !absl::IsDeadlineExceeded(row.status()));
      absl::Status status = row.status();
      if (status.ok() && *row == nullptr) status = NotFound(entity, {id});
      if (status.ok() && !AnswerWith(**row, answer)) {
        status = absl::InternalError("a stored resource does not parse");
      }
      reactor->Finish(ToGrpc(status));
    };
    absl::Status status = rounds.Queue(answer->GetDescriptor(),
                                       {id, SteadyNow() + absl::ToChronoNanoseconds(left), done});
    if (!status.ok()) admission.Leave(ticket, false);
    return status;
  }

  absl::Status QueueChecked(grpc::ServerUnaryReactor* reactor, absl::Duration left,
                            std::function<absl::Status()> read) {
    TANDEM_ASSIGN_OR_RETURN(const Admission::Ticket ticket, admission.Enter(left));
    const Instant until = SteadyNow() + absl::ToChronoNanoseconds(left);
    absl::Status status =
        pool.Queue([this, reactor, ticket, until, read = std::move(read)]() mutable {
          const absl::Status late = CheckTime(until, SteadyNow());
          admission.Leave(ticket, late.ok());
          reactor->Finish(ToGrpc(late.ok() ? read() : late));
        });
    if (!status.ok()) admission.Leave(ticket, false);
    return status;
  }

  absl::StatusOr<PageTokens*> Tokens() {
    absl::MutexLock lock(&tokens_mutex);
    if (tokens == nullptr) {
      TANDEM_ASSIGN_OR_RETURN(store::Result found, reader.Select({kPageTokenKey, {}}));
      PageTokenKey key;
      const auto* bytes =
          found.rows.empty() ? nullptr : std::get_if<store::Bytes>(&found.rows[0][0]);
      if (bytes == nullptr || bytes->data.size() != key.size()) {
        return absl::InternalError("the page token key is missing");
      }
      std::copy(bytes->data.begin(), bytes->data.end(), key.begin());
      tokens = std::make_unique<PageTokens>(key);
    }
    return tokens.get();
  }

  absl::Status List(const Message& request, Message* answer, const std::string& where,
                    const std::vector<std::string>& where_params);

  store::Reader& reader;
  const std::string service;
  const Validator validator;
  absl::Mutex tokens_mutex;
  std::unique_ptr<PageTokens> tokens;
  Admission admission;
  GetRounds rounds;
  WorkPool pool;  // the last: its threads use the rest
};

absl::Status Reads::Rep::List(const Message& request, Message* answer, const std::string& where,
                              const std::vector<std::string>& where_params) {
  const FieldDescriptor* resources = ResourcesOf(answer->GetDescriptor());
  const Descriptor* type = resources->message_type();
  const store::TableSpec* table = reader.schema().Find(type);
  if (table == nullptr) return absl::InternalError("a list of what has no table");
  const ColumnMapper columns = ColumnsOf(*table);

  const FieldDescriptor* size_field = request.GetDescriptor()->FindFieldByName("page_size");
  TANDEM_ASSIGN_OR_RETURN(int32_t page_size,
                          PageSize(request.GetReflection()->GetInt32(request, size_field)));
  const std::string filter_text = TextField(request, "filter");
  const std::string order_text = TextField(request, "order_by");
  const std::string token = TextField(request, "page_token");
  TANDEM_ASSIGN_OR_RETURN(Filter filter, ParseFilter(filter_text, *type));
  TANDEM_ASSIGN_OR_RETURN(OrderBy order,
                          OrderBy::Parse(order_text, *type, columns, type->field(0)->name()));

  store::ListQuery query;
  int next = 1;
  if (!where.empty()) {
    for (const std::string& param : where_params) query.params.emplace_back(param);
    next += static_cast<int>(where_params.size());
    query.where = absl::StrCat("(", where, ") AND ");
  }
  TANDEM_ASSIGN_OR_RETURN(FilterSql condition, ToSql(filter, columns, next));
  AddParams(condition.values, &query.params);
  absl::StrAppend(&query.where, condition.text);

  TANDEM_ASSIGN_OR_RETURN(PageTokens * page_tokens, Tokens());
  const std::string method = absl::StrCat(service, "/", request.GetDescriptor()->name());
  const std::string other = absl::StrCat(where, "|", absl::StrJoin(where_params, "|"));
  const std::string canonical = order.Canonical();
  const PageQuery page{method, filter_text, canonical, other};
  const int64_t now_micros = absl::ToUnixMicros(absl::Now());
  if (!token.empty()) {
    TANDEM_ASSIGN_OR_RETURN(std::vector<SqlValue> cursor,
                            page_tokens->Open(token, page, now_micros));
    TANDEM_ASSIGN_OR_RETURN(FilterSql after, order.After(cursor, condition.next));
    AddParams(after.values, &query.params);
    absl::StrAppend(&query.where, " AND ", after.text);
  }
  query.order_by = order.Sql();
  query.limit = page_size + 1;  // one more tells whether there is a next page
  TANDEM_ASSIGN_OR_RETURN(std::vector<store::SharedBytes> rows, reader.ListBytes(type, query));
  const bool more = rows.size() > static_cast<size_t>(page_size);
  if (more) rows.pop_back();
  if (more) {
    const std::unique_ptr<Message> last(
        answer->GetReflection()->GetMessageFactory()->GetPrototype(type)->New());
    if (!last->ParseFromString(*rows.back())) {
      return absl::InternalError("a stored resource does not parse");
    }
    TANDEM_ASSIGN_OR_RETURN(std::string next_token,
                            page_tokens->Seal(order.CursorOf(*last), page, now_micros));
    answer->GetReflection()->SetString(
        answer, answer->GetDescriptor()->FindFieldByName("next_page_token"), next_token);
  }
  for (const store::SharedBytes& row : rows) AddResource(*row, resources, answer);
  return absl::OkStatus();
}

Reads::Reads(store::Reader& reader, std::string service, int threads)
    : rep_(std::make_unique<Rep>(reader, std::move(service), threads)) {}
Reads::~Reads() = default;

grpc::ServerUnaryReactor* Reads::GetAny(grpc::CallbackServerContext* context,
                                        const Message& request, Message* answer,
                                        absl::string_view entity) {
  return rep_->QueueGet(context, request, answer, entity);
}

grpc::ServerUnaryReactor* Reads::BatchGetAny(grpc::CallbackServerContext* context,
                                             const Message& request, Message* answer,
                                             absl::string_view entity) {
  return rep_->Queue(context, request, [this, &request, answer, entity]() -> absl::Status {
    const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("ids");
    const int count = request.GetReflection()->FieldSize(request, field);
    if (count > kBatchIdsMax) {
      return InvalidField("ids", "BATCH_TOO_LARGE", "a batch has at most 1,000 items");
    }
    std::vector<std::string> ids;
    for (int i = 0; i < count; ++i) {
      ids.push_back(request.GetReflection()->GetRepeatedString(request, field, i));
    }
    const FieldDescriptor* resources = ResourcesOf(answer->GetDescriptor());
    TANDEM_ASSIGN_OR_RETURN(std::vector<store::SharedBytes> rows,
                            rep_->reader.GetBytes(resources->message_type(), ids));
    std::vector<std::string> missing;
    for (int i = 0; i < count; ++i) {
      if (rows[i] == nullptr) missing.push_back(ids[i]);
    }
    if (!missing.empty()) return NotFound(entity, missing);
    for (const store::SharedBytes& row : rows) AddResource(*row, resources, answer);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* Reads::ListAny(grpc::CallbackServerContext* context,
                                         const Message& request, Message* answer, std::string where,
                                         std::vector<std::string> params) {
  return rep_->Queue(
      context, request,
      [this, &request, answer, where = std::move(where), params = std::move(params)] {
        return rep_->List(request, answer, where, params);
      });
}

grpc::ServerUnaryReactor* Reads::Run(grpc::CallbackServerContext* context, const Message& request,
                                     std::function<absl::Status(store::Reader&)> read) {
  return rep_->Queue(context, request,
                     [this, read = std::move(read)] { return read(rep_->reader); });
}

}  // namespace tandem::rpc
