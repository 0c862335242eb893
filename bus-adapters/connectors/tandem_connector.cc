#include "bus-adapters/connectors/tandem_connector.h"

#include <google/protobuf/dynamic_message.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/rpc/status.pb.h"
#include "platform/base/check.h"
#include "platform/base/etag.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/uuid.h"
#include "platform/rpc/client.h"
#include "tandem/events/v1/event.pb.h"
#include "tandem/options/v1/options.pb.h"

namespace tandem::connectors {
namespace {

namespace md = master_data::v1;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using master_data::Connector;
using master_data::LookupKey;
using master_data::Page;
using master_data::PushOutcome;
using master_data::PushResult;

constexpr int kPageSize = 500;
constexpr size_t kIdsMax = 1'000;           // of a BatchGet
constexpr size_t kFilterBytesMax = 1'900;   // servers take 2,048
constexpr int kFilterTermsMax = 60;         // and 64 terms
constexpr size_t kBatchMax = 500;           // servers take 1,000
constexpr size_t kBatchBytesMax = 900'000;  // and a megabyte
constexpr absl::Duration kTimeout = absl::Seconds(30);
// What our request ids are names in.
constexpr absl::string_view kNamespace = "6f9b53b1-9a53-5d8c-8f0a-3f6b8a6a5f10";

std::unique_ptr<Message> New(const Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

const FieldDescriptor* FieldOf(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  TANDEM_CHECK(field != nullptr, absl::StrCat(message.GetDescriptor()->full_name(), ".", name));
  return field;
}

std::string Text(const Message& message, const std::string& name) {
  return message.GetReflection()->GetString(message, FieldOf(message, name));
}

void SetText(Message* message, const std::string& name, const std::string& text) {
  message->GetReflection()->SetString(message, FieldOf(*message, name), text);
}

// The first field of a message that is of this type.
const FieldDescriptor* FieldOfType(const Descriptor* message, const Descriptor* type) {
  for (int i = 0; i < message->field_count(); ++i) {
    if (message->field(i)->message_type() == type) return message->field(i);
  }
  TANDEM_CHECK(false, absl::StrCat(message->full_name(), " has no ", type->full_name()));
  return nullptr;
}

// A version from an etag such as "7", with its quotes.
md::Version VersionOf(const std::string& etag) {
  md::Version version;
  version.set_token(etag);
  int64_t order = 0;
  if (etag.size() > 2 &&
      absl::SimpleAtoi(absl::string_view(etag).substr(1, etag.size() - 2), &order)) {
    version.set_order(order);
  }
  return version;
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

class TandemConnector final : public Connector {
 public:
  TandemConnector(TandemSystem system, ChannelTo channel, std::string actor)
      : system_(std::move(system)), channel_(std::move(channel)), actor_(std::move(actor)) {
    description_.rules.name = system_.part;
    description_.rules.id_prefix = system_.id_prefix;
    description_.source = absl::StrCat("/tandem/", system_.part);
    description_.topics = {system_.event->options().GetExtension(options::v1::event).topic()};
  }

  const Description& Describe() const override { return description_; }

  absl::StatusOr<md::State> FromEvent(const bus::Envelope& envelope) const override {
    std::unique_ptr<Message> event = New(system_.event);
    if (!event->ParseFromString(envelope.payload())) {
      return Refuse(absl::StatusCode::kInvalidArgument, "EVENT_MALFORMED",
                    absl::StrCat("not a ", system_.event->full_name()));
    }
    const Message& resource =
        event->GetReflection()->GetMessage(*event, FieldOfType(system_.event, system_.resource));
    md::State state = StateOf(resource);
    state.set_foreign_id(envelope.subject());
    *state.mutable_version() = VersionOf(EtagOf(envelope.entity_version()));
    if (!system_.deleted_event.empty() && envelope.type() == system_.deleted_event) {
      state.set_deleted(true);
      state.clear_groups();
    }
    state.set_change_id(envelope.id());
    state.set_source(md::SOURCE_EVENT);
    return state;
  }

  absl::StatusOr<Page> Pull(const std::string& cursor) override {
    const MethodDescriptor* method = Method(absl::StrCat("List", system_.nouns));
    std::unique_ptr<Message> request = New(method->input_type());
    std::unique_ptr<Message> answer = New(method->output_type());
    request->GetReflection()->SetInt32(request.get(), FieldOf(*request, "page_size"), kPageSize);
    SetText(request.get(), "page_token", cursor);
    TANDEM_RETURN_IF_ERROR(Call(method, *request, answer.get()));
    Page page;
    page.states = StatesIn(*answer);
    page.next = Text(*answer, "next_page_token");
    return page;
  }

  std::vector<PushResult> Push(const std::vector<const md::CallUnderWay*>& pushes) override {
    std::vector<PushResult> results(pushes.size());
    std::vector<size_t> creates;
    std::vector<size_t> updates;
    for (size_t i = 0; i < pushes.size(); ++i) {
      switch (pushes[i]->push().kind()) {
        case md::PUSH_KIND_CREATE:
          creates.push_back(i);
          break;
        case md::PUSH_KIND_UPDATE:
          updates.push_back(i);
          break;
        default:
          results[i] = Delete(*pushes[i]);
      }
    }
    Batches("Create", pushes, creates, &results);
    Batches("Update", pushes, updates, &results);
    return results;
  }

  std::vector<absl::StatusOr<std::vector<md::State>>> Lookup(
      const std::vector<LookupKey>& keys) override {
    std::vector<absl::StatusOr<std::vector<md::State>>> found(keys.size(),
                                                              std::vector<md::State>());
    std::vector<size_t> by_id;
    std::vector<size_t> by_identifier;
    for (size_t i = 0; i < keys.size(); ++i) {
      (keys[i].foreign_id.empty() ? by_identifier : by_id).push_back(i);
    }
    for (size_t from = 0; from < by_id.size(); from += kIdsMax) {
      GetById(keys,
              {by_id.begin() + static_cast<long>(from),
               by_id.begin() + static_cast<long>(std::min(by_id.size(), from + kIdsMax))},
              &found);
    }
    FindByIdentifier(keys, by_identifier, &found);
    return found;
  }

 private:
  const MethodDescriptor* Method(const std::string& name) const {
    const MethodDescriptor* method = system_.service->FindMethodByName(name);
    TANDEM_CHECK(method != nullptr, absl::StrCat(system_.service->full_name(), "/", name));
    return method;
  }

  absl::Status Call(const MethodDescriptor* method, const Message& request, Message* answer) const {
    const std::string path = absl::StrCat("/", system_.service->full_name(), "/", method->name());
    grpc::ClientContext context;
    rpc::CallOptions options;
    options.timeout = kTimeout;
    options.actor = actor_;
    rpc::Prepare(options, &context);
    const std::shared_ptr<grpc::Channel> channel = channel_(system_.part);
    return rpc::FromGrpc(
        grpc::internal::BlockingUnaryCall<Message, Message, google::protobuf::MessageLite,
                                          google::protobuf::MessageLite>(
            channel.get(),
            grpc::internal::RpcMethod(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC),
            &context, request, answer));
  }

  md::State StateOf(const Message& resource) const {
    md::State state;
    state.set_foreign_id(Text(resource, "id"));
    const std::string etag = Text(resource, "etag");
    if (!etag.empty()) *state.mutable_version() = VersionOf(etag);
    ReadGroups(system_.fields, resource, &state);
    return state;
  }

  // The resources of a page or batch.
  std::vector<md::State> StatesIn(const Message& answer) const {
    std::vector<md::State> states;
    const FieldDescriptor* list = FieldOfType(answer.GetDescriptor(), system_.resource);
    for (int i = 0; i < answer.GetReflection()->FieldSize(answer, list); ++i) {
      states.push_back(StateOf(answer.GetReflection()->GetRepeatedMessage(answer, list, i)));
    }
    return states;
  }

  // The request of one push. A repeated one is the same, to the byte.
  absl::Status Fill(const md::CallUnderWay& call, Message* request) const {
    const md::PushIntent& push = call.push();
    Message* resource = request->GetReflection()->MutableMessage(
        request, FieldOfType(request->GetDescriptor(), system_.resource));
    SetText(request, "request_id", UuidV5(kNamespace, push.request_seed()));
    google::protobuf::FieldMask mask;
    if (push.kind() == md::PUSH_KIND_CREATE) {
      WriteAbsentDefaults(system_.fields, resource);
      SetText(request, request->GetDescriptor()->field(0)->name(), push.foreign_id());
      return WriteGroups(system_.fields, call, resource, &mask);
    }
    SetText(resource, "id", push.foreign_id());
    SetText(request, "etag", push.condition().token());
    TANDEM_RETURN_IF_ERROR(WriteGroups(system_.fields, call, resource, &mask));
    request->GetReflection()
        ->MutableMessage(request, FieldOf(*request, "update_mask"))
        ->CopyFrom(mask);
    return absl::OkStatus();
  }

  // In as many calls as the server's bounds ask for.
  void Batches(const std::string& verb, const std::vector<const md::CallUnderWay*>& pushes,
               const std::vector<size_t>& of_verb, std::vector<PushResult>* results) const {
    if (of_verb.empty()) return;
    const MethodDescriptor* method = Method(absl::StrCat("Batch", verb, system_.nouns));
    std::unique_ptr<Message> request = New(method->input_type());
    const FieldDescriptor* items = FieldOf(*request, "requests");
    std::vector<size_t> sent;
    size_t bytes = 0;
    auto send = [&] {
      if (!sent.empty()) Batch(method, *request, pushes, sent, results);
      request->Clear();
      sent.clear();
      bytes = 0;
    };
    for (const size_t i : of_verb) {
      std::unique_ptr<Message> item = New(items->message_type());
      const absl::Status filled = Fill(*pushes[i], item.get());
      if (!filled.ok()) {
        (*results)[i] = ResultOf(*pushes[i], filled, nullptr);
        continue;
      }
      const size_t size = item->ByteSizeLong() + 8;
      if (sent.size() >= kBatchMax || bytes + size > kBatchBytesMax) send();
      request->GetReflection()->AddAllocatedMessage(request.get(), items, item.release());
      sent.push_back(i);
      bytes += size;
    }
    send();
  }

  void Batch(const MethodDescriptor* method, const Message& request,
             const std::vector<const md::CallUnderWay*>& pushes, const std::vector<size_t>& sent,
             std::vector<PushResult>* results) const {
    std::unique_ptr<Message> answer = New(method->output_type());
    const absl::Status status = Call(method, request, answer.get());
    const FieldDescriptor* list = FieldOf(*answer, "results");
    const int count = status.ok() ? answer->GetReflection()->FieldSize(*answer, list) : 0;
    for (size_t n = 0; n < sent.size(); ++n) {
      PushResult& result = (*results)[sent[n]];
      if (!status.ok()) {
        // What is wrong with the call as a whole is no fault of an item: it is tried again.
        result.outcome = PushOutcome::kUnknown;
        result.reason = std::string(status.ToString());
        continue;
      }
      if (static_cast<int>(n) >= count) {
        result.reason = "a batch answered fewer items than were asked";
        continue;
      }
      const Message& item =
          answer->GetReflection()->GetRepeatedMessage(*answer, list, static_cast<int>(n));
      const absl::Status of_item = FromRpcStatus(static_cast<const google::rpc::Status&>(
          item.GetReflection()->GetMessage(item, FieldOf(item, "status"))));
      const Message& resource = item.GetReflection()->GetMessage(
          item, FieldOfType(item.GetDescriptor(), system_.resource));
      result = ResultOf(*pushes[sent[n]], of_item, &resource);
    }
  }

  PushResult ResultOf(const md::CallUnderWay& call, const absl::Status& status,
                      const Message* resource) const {
    PushResult result;
    if (status.ok()) {
      result.outcome = PushOutcome::kOk;
      if (resource != nullptr) {
        result.state = StateOf(*resource);
        result.state->set_source(md::SOURCE_ANSWER);
        result.state->set_change_id(call.push().request_seed());
      }
      return result;
    }
    const std::string reason = ReasonOf(status);
    result.reason = reason.empty() ? std::string(status.message())
                                   : absl::StrCat(reason, ": ", status.message());
    const bool create = call.push().kind() == md::PUSH_KIND_CREATE;
    if (reason == "ETAG_MISMATCH" || (create && reason == system_.already_exists)) {
      result.outcome = PushOutcome::kMismatch;
    } else if (!create && status.code() == absl::StatusCode::kNotFound) {
      result.outcome = PushOutcome::kNotFound;
    } else if (DispositionOf(status) == Disposition::kRetry) {
      result.outcome = PushOutcome::kUnknown;
    } else {
      result.outcome = PushOutcome::kRefused;
    }
    return result;
  }

  PushResult Delete(const md::CallUnderWay& call) const {
    const MethodDescriptor* method = system_.service->FindMethodByName("Delete" + system_.noun);
    if (method != nullptr) {
      std::unique_ptr<Message> request = New(method->input_type());
      std::unique_ptr<Message> answer = New(method->output_type());
      SetText(request.get(), "id", call.push().foreign_id());
      SetText(request.get(), "etag", call.push().condition().token());
      SetText(request.get(), "request_id", UuidV5(kNamespace, call.push().request_seed()));
      return ResultOf(call, Call(method, *request, answer.get()), nullptr);
    }
    PushResult result;
    result.outcome = PushOutcome::kRefused;
    result.reason = absl::StrCat("SYNC_DELETE_UNSUPPORTED: ", system_.part, " keeps its copies");
    if (system_.retire_flag.empty()) return result;
    method = Method(absl::StrCat("Update", system_.noun));
    std::unique_ptr<Message> request = New(method->input_type());
    std::unique_ptr<Message> answer = New(method->output_type());
    Message* resource = request->GetReflection()->MutableMessage(
        request.get(), FieldOfType(request->GetDescriptor(), system_.resource));
    SetText(resource, "id", call.push().foreign_id());
    resource->GetReflection()->SetBool(resource, FieldOf(*resource, system_.retire_flag), true);
    google::protobuf::FieldMask mask;
    mask.add_paths(system_.retire_flag);
    request->GetReflection()
        ->MutableMessage(request.get(), FieldOf(*request, "update_mask"))
        ->CopyFrom(mask);
    SetText(request.get(), "etag", call.push().condition().token());
    SetText(request.get(), "request_id", UuidV5(kNamespace, call.push().request_seed()));
    const absl::Status status = Call(method, *request, answer.get());
    if (!status.ok()) return ResultOf(call, status, nullptr);
    absl::StrAppend(&result.reason, "; it was set to ", system_.retire_flag);
    return result;
  }

  // BatchGet is refused as a whole where an id is missing, and names those that are.
  void GetById(const std::vector<LookupKey>& keys, std::vector<size_t> index,
               std::vector<absl::StatusOr<std::vector<md::State>>>* found) const {
    const MethodDescriptor* method = Method(absl::StrCat("BatchGet", system_.nouns));
    for (int tries = 0; tries < 3 && !index.empty(); ++tries) {
      std::unique_ptr<Message> request = New(method->input_type());
      std::unique_ptr<Message> answer = New(method->output_type());
      const FieldDescriptor* ids = FieldOf(*request, "ids");
      for (const size_t i : index) {
        request->GetReflection()->AddString(request.get(), ids, keys[i].foreign_id);
      }
      const absl::Status status = Call(method, *request, answer.get());
      if (status.ok()) {
        const std::vector<md::State> states = StatesIn(*answer);
        for (size_t n = 0; n < index.size() && n < states.size(); ++n) {
          (*found)[index[n]] = std::vector<md::State>{states[n]};
        }
        return;
      }
      const auto metadata = MetadataOf(status);
      const auto missing = metadata.find("ids");
      if (status.code() != absl::StatusCode::kNotFound || missing == metadata.end()) {
        for (const size_t i : index) (*found)[i] = status;
        return;
      }
      const std::set<std::string> gone = absl::StrSplit(missing->second, ',');
      index.erase(std::remove_if(index.begin(), index.end(),
                                 [&](size_t i) { return gone.count(keys[i].foreign_id) > 0; }),
                  index.end());
    }
    for (const size_t i : index) (*found)[i] = absl::UnavailableError("copies come and go");
  }

  void FindByIdentifier(const std::vector<LookupKey>& keys, const std::vector<size_t>& index,
                        std::vector<absl::StatusOr<std::vector<md::State>>>* found) const {
    std::string filter;
    std::vector<size_t> asked;
    int asked_terms = 0;
    auto ask = [&] {
      if (asked.empty()) return;
      Find(filter, keys, asked, found);
      filter.clear();
      asked.clear();
      asked_terms = 0;
    };
    for (const size_t i : index) {
      std::string terms;
      int count = 0;
      for (const md::GroupValue& group : keys[i].identifiers) {
        for (const auto& [name, field] : system_.identifiers) {
          if (name != group.name()) continue;
          absl::StrAppend(&terms, terms.empty() ? "" : " OR ", field, " = ",
                          Quoted(group.value().common()));
          ++count;
        }
      }
      if (terms.empty()) continue;
      if (filter.size() + terms.size() + 4 > kFilterBytesMax ||
          asked_terms + count > kFilterTermsMax) {
        ask();
      }
      absl::StrAppend(&filter, filter.empty() ? "" : " OR ", terms);
      asked.push_back(i);
      asked_terms += count;
    }
    ask();
  }

  void Find(const std::string& filter, const std::vector<LookupKey>& keys,
            const std::vector<size_t>& asked,
            std::vector<absl::StatusOr<std::vector<md::State>>>* found) const {
    const MethodDescriptor* method = Method(absl::StrCat("List", system_.nouns));
    std::unique_ptr<Message> request = New(method->input_type());
    std::unique_ptr<Message> answer = New(method->output_type());
    request->GetReflection()->SetInt32(request.get(), FieldOf(*request, "page_size"), kPageSize);
    SetText(request.get(), "filter", filter);
    const absl::Status status = Call(method, *request, answer.get());
    if (!status.ok()) {
      for (const size_t i : asked) (*found)[i] = status;
      return;
    }
    std::map<std::pair<std::string, std::string>, std::vector<const md::State*>> by_value;
    const std::vector<md::State> states = StatesIn(*answer);
    for (const md::State& state : states) {
      for (const md::GroupValue& group : state.groups()) {
        by_value[{group.name(), group.value().common()}].push_back(&state);
      }
    }
    for (const size_t i : asked) {
      std::set<std::string> taken;
      for (const md::GroupValue& group : keys[i].identifiers) {
        const auto fits = by_value.find({group.name(), group.value().common()});
        if (fits == by_value.end()) continue;
        for (const md::State* state : fits->second) {
          if (taken.insert(state->foreign_id()).second) (*found)[i]->push_back(*state);
        }
      }
    }
  }

  const TandemSystem system_;
  const ChannelTo channel_;
  const std::string actor_;
  Description description_;
};

}  // namespace

std::unique_ptr<Connector> MakeTandemConnector(TandemSystem system, ChannelTo channel,
                                               std::string actor) {
  return std::make_unique<TandemConnector>(std::move(system), std::move(channel), std::move(actor));
}

}  // namespace tandem::connectors
