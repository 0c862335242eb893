#include "cli/methods.h"

#include <grpcpp/channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/output.h"
#include "google/protobuf/util/json_util.h"
#include "google/type/date.pb.h"
#include "google/type/decimal.pb.h"
#include "google/type/money.pb.h"
#include "platform/base/date.h"
#include "platform/base/fixed.h"
#include "platform/base/money.h"
#include "platform/base/status.h"
#include "platform/base/status_macros.h"
#include "platform/base/uuid.h"
#include "platform/rpc/client.h"
#include "tandem/type/v1/quantity.pb.h"

namespace tandem::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// Which part of the command line names which service.
struct PartService {
  const char* part;
  const char* service;
};
constexpr PartService kServices[] = {
    {"customer", "tandem.customer.v1.CustomerService"},
    {"opportunity", "tandem.opportunity.v1.OpportunityService"},
    {"order", "tandem.order.v1.OrderService"},
    {"inventory", "tandem.inventory.v1.InventoryService"},
    {"billing", "tandem.billing.v1.BillingService"},
    {"customer_sync", "tandem.master_data.v1.CustomerSyncService"},
    {"product_sync", "tandem.master_data.v1.ProductSyncService"},
    {"events", "tandem.events.v1.EventService"},
    {"operations", "tandem.operations.v1.QuarantineService"},
};

std::string Kebab(const std::string& name) {
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    if (absl::ascii_isupper(name[i]) && i > 0) out += '-';
    out += absl::ascii_tolower(name[i]);
  }
  return out;
}

const ServiceDescriptor* ServiceOf(const std::string& part) {
  for (const PartService& known : kServices) {
    if (part == known.part) {
      return google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(known.service);
    }
  }
  return nullptr;
}

absl::Status FromJson(const std::string& json, Message* message) {
  google::protobuf::util::JsonParseOptions options;
  auto status = google::protobuf::util::JsonStringToMessage(json, message, options);
  if (status.ok()) return absl::OkStatus();
  return InvalidField("json", "JSON_INVALID", std::string(status.message()));
}

absl::Status SetMessage(Message* value, const std::string& path, const std::string& text) {
  const Descriptor* type = value->GetDescriptor();
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (type == google::type::Money::descriptor() && words.size() == 2) {
    TANDEM_ASSIGN_OR_RETURN(int64_t micros, ParseMicros(words[0], path));
    SetMoney(micros, words[1], static_cast<google::type::Money*>(value));
    return absl::OkStatus();
  }
  if (type == type::v1::Quantity::descriptor() && words.size() == 2) {
    static_cast<type::v1::Quantity*>(value)->mutable_value()->set_value(words[0]);
    static_cast<type::v1::Quantity*>(value)->set_unit(words[1]);
    return absl::OkStatus();
  }
  if (type == google::type::Decimal::descriptor() && words.size() == 1) {
    static_cast<google::type::Decimal*>(value)->set_value(words[0]);
    return absl::OkStatus();
  }
  if (type == google::type::Date::descriptor() && words.size() == 1) {
    TANDEM_ASSIGN_OR_RETURN(int32_t days, ParseDate(words[0], path));
    *static_cast<google::type::Date*>(value) = DateToProto(days);
    return absl::OkStatus();
  }
  // Timestamps, masks and durations are JSON strings; everything else JSON objects.
  const bool quoted = !text.empty() && text[0] != '{' && text[0] != '"';
  return FromJson(quoted ? absl::StrCat("\"", text, "\"") : text, value);
}

absl::Status Wrong(const std::string& path, const std::string& text, const char* what) {
  return InvalidField(path, "FLAG_INVALID", absl::StrCat("\"", text, "\" is not ", what));
}

absl::Status SetLeaf(Message* message, const FieldDescriptor* field, const std::string& path,
                     const std::string& text) {
  const auto* reflection = message->GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      repeated ? reflection->AddString(message, field, text)
               : reflection->SetString(message, field, text);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Wrong(path, text, "true or false");
      if (!repeated) reflection->SetBool(message, field, text == "true");
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Wrong(path, text, "a number");
      repeated ? reflection->AddInt32(message, field, number)
               : reflection->SetInt32(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Wrong(path, text, "a number");
      repeated ? reflection->AddInt64(message, field, number)
               : reflection->SetInt64(message, field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const std::string upper = absl::AsciiStrToUpper(text);
      const std::string zero = field->enum_type()->value(0)->name();
      const std::string prefix = zero.substr(0, zero.rfind("UNSPECIFIED"));
      const auto* value = field->enum_type()->FindValueByName(upper);
      if (value == nullptr) value = field->enum_type()->FindValueByName(prefix + upper);
      if (value == nullptr) return Wrong(path, text, field->enum_type()->name().c_str());
      repeated ? reflection->AddEnum(message, field, value)
               : reflection->SetEnum(message, field, value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (repeated && !text.empty() && text[0] == '[') {
        // A whole list: parsed as the one field of its message.
        std::unique_ptr<Message> holder(message->New());
        TANDEM_RETURN_IF_ERROR(
            FromJson(absl::StrCat("{\"", field->name(), "\": ", text, "}"), holder.get()));
        message->MergeFrom(*holder);
        return absl::OkStatus();
      }
      return SetMessage(repeated ? reflection->AddMessage(message, field)
                                 : reflection->MutableMessage(message, field),
                        path, text);
    default:
      return Wrong(path, text, "a value the command line can set");
  }
}

absl::StatusOr<std::string> JsonText(const std::string& given) {
  if (given.empty() || given[0] != '@') return given;
  std::stringstream text;
  if (given == "@-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(given.substr(1));
  if (!file) return InvalidField("json", "FILE_UNREADABLE", given.substr(1));
  text << file.rdbuf();
  return text.str();
}

}  // namespace

const MethodDescriptor* FindMethod(const std::string& part, const std::string& verb) {
  const ServiceDescriptor* service = ServiceOf(part);
  if (service == nullptr) return nullptr;
  for (const std::string& name :
       {verb, absl::StrCat(verb, "-", part), absl::StrCat(verb, "-", part, "s")}) {
    for (int i = 0; i < service->method_count(); ++i) {
      const MethodDescriptor* method = service->method(i);
      if (Kebab(method->name()) == name && !method->server_streaming()) return method;
    }
  }
  return nullptr;
}

std::vector<std::string> CommandNames(const std::string& part) {
  std::vector<std::string> names;
  for (const PartService& known : kServices) {
    const ServiceDescriptor* service = ServiceOf(known.part);
    if (service == nullptr || (!part.empty() && part != known.part)) continue;
    for (int i = 0; i < service->method_count(); ++i) {
      if (service->method(i)->server_streaming()) continue;
      names.push_back(absl::StrCat(known.part, " ", Kebab(service->method(i)->name())));
    }
  }
  return names;
}

absl::Status SetField(Message* message, const std::string& path, const std::string& text) {
  const std::vector<std::string> segments = absl::StrSplit(path, '.');
  for (size_t i = 0; i < segments.size(); ++i) {
    const Descriptor* type = message->GetDescriptor();
    const FieldDescriptor* field = type->FindFieldByName(segments[i]);
    if (field == nullptr) {
      return InvalidField(path, "FLAG_UNKNOWN",
                          absl::StrCat(type->name(), " has no field ", segments[i]));
    }
    if (i + 1 == segments.size()) return SetLeaf(message, field, path, text);
    if (field->is_map() && i + 2 == segments.size()) {
      Message* entry = message->GetReflection()->AddMessage(message, field);
      TANDEM_RETURN_IF_ERROR(
          SetLeaf(entry, field->message_type()->map_key(), path, segments[i + 1]));
      return SetLeaf(entry, field->message_type()->map_value(), path, text);
    }
    if (field->message_type() == nullptr || field->is_repeated()) {
      return InvalidField(path, "FLAG_UNKNOWN",
                          absl::StrCat(segments[i], " has no fields to name"));
    }
    message = message->GetReflection()->MutableMessage(message, field);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Message>> CallByDescriptor(grpc::Channel& channel,
                                                          const MethodDescriptor& method,
                                                          const Message& request) {
  std::unique_ptr<Message> answer(google::protobuf::MessageFactory::generated_factory()
                                      ->GetPrototype(method.output_type())
                                      ->New());
  const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  grpc::ClientContext context;
  rpc::CallOptions options;
  options.actor = "cli";
  options.timeout = absl::Seconds(30);
  rpc::Prepare(options, &context);
  absl::Status status = rpc::FromGrpc(
      grpc::internal::BlockingUnaryCall<Message, Message, google::protobuf::MessageLite,
                                        google::protobuf::MessageLite>(
          &channel, grpc::internal::RpcMethod(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC),
          &context, request, answer.get()));
  if (!status.ok()) return status;
  return answer;
}

int CallMethod(const MethodDescriptor& method, const Arguments& arguments) {
  std::unique_ptr<Message> request(google::protobuf::MessageFactory::generated_factory()
                                       ->GetPrototype(method.input_type())
                                       ->New());
  absl::Status status;
  for (const auto& [name, value] : arguments.flags) {
    if (name == "json") {
      absl::StatusOr<std::string> json = JsonText(value);
      status = json.ok() ? FromJson(*json, request.get()) : json.status();
    } else {
      status = SetField(request.get(), name == "dry_run" ? "validate_only" : name, value);
    }
    if (!status.ok()) break;
  }
  if (status.ok() && arguments.words.size() > 2) {
    status = SetField(request.get(), method.input_type()->field(0)->name(), arguments.words[2]);
  }
  if (!status.ok()) {
    Complain(status);
    return 2;
  }
  const FieldDescriptor* request_id = method.input_type()->FindFieldByName("request_id");
  if (request_id != nullptr && request->GetReflection()->GetString(*request, request_id).empty()) {
    request->GetReflection()->SetString(request.get(), request_id, UuidV4());
  }
  std::shared_ptr<grpc::Channel> channel =
      ChannelTo(arguments, arguments.words.empty() ? "" : arguments.words[0]);
  absl::StatusOr<std::unique_ptr<Message>> answer = CallByDescriptor(*channel, method, *request);
  if (!answer.ok()) return Complain(answer.status());
  Print(**answer, arguments.output, std::cout);
  return 0;
}

}  // namespace tandem::cli
