#include "tests/simulation/api.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"
#include "platform/base/check.h"
#include "platform/base/field_behavior.h"
#include "services/billing/billing_decide.h"
#include "services/customer/customer_decide.h"
#include "services/inventory/inventory_decide.h"
#include "services/opportunity/opportunity_decide.h"
#include "services/order/order_decide.h"

namespace tandem::simulation {
namespace {

using google::protobuf::Message;

class Methods {
 public:
  Methods() {
    Serve(kCustomer, customer::CreateCustomer);
    Serve(kCustomer, customer::UpdateCustomer);
    Serve(kCustomer, customer::PromoteCustomer);
    Serve(kCustomer, customer::DeactivateCustomer);
    Serve(kCustomer, customer::ReactivateCustomer);
    Serve(kCustomer, customer::ArchiveCustomer);
    Serve(kCustomer, customer::DeleteCustomer);

    Serve(kOpportunity, opportunity::CreateOpportunity);
    Serve(kOpportunity, opportunity::UpdateOpportunity);
    Serve(kOpportunity, opportunity::MoveStage);
    Serve(kOpportunity, opportunity::WinOpportunity);
    Serve(kOpportunity, opportunity::LoseOpportunity);
    Serve(kOpportunity, opportunity::ReopenOpportunity);
    Serve(kOpportunity, opportunity::CreatePipeline);
    Serve(kOpportunity, opportunity::CreateQuote);
    Serve(kOpportunity, opportunity::UpdateQuote);
    Serve(kOpportunity, opportunity::IssueQuote);
    Serve(kOpportunity, opportunity::ReviseQuote);
    Serve(kOpportunity, opportunity::AcceptQuote);
    Serve(kOpportunity, opportunity::DeclineQuote);
    Serve(kOpportunity, opportunity::WithdrawQuote);
    Serve(kOpportunity, opportunity::ExpireQuotes);
    Serve(kOpportunity, opportunity::RecordOrder);
    Serve(kOpportunity, opportunity::CreateCatalogueItem);
    Serve(kOpportunity, opportunity::UpdateCatalogueItem);

    Serve(kOrder, order::PlaceOrder);
    Serve(kOrder, order::HoldOrder);
    Serve(kOrder, order::ReleaseOrder);
    Serve(kOrder, order::CancelOrder);
    Serve(kOrder, order::RecordCredit);
    Serve(kOrder, order::ConfirmOrder);
    Serve(kOrder, order::CompleteCancel);
    Serve(kOrder, order::RecordShipment);
    Serve(kOrder, order::RecordInvoice);
    Serve(kOrder, order::RecordSettlement);
    Serve(kOrder, order::RecordReturn);
    Serve(kOrder, order::RecordCreditNote);
    Serve(kOrder, order::HoldAccountOrders).again = [](const std::string& answer) {
      order::v1::HoldAccountOrdersResponse response;
      return response.ParseFromString(answer) && response.remaining();
    };
    Serve(kOrder, order::ReleaseAccountOrders).again = [](const std::string& answer) {
      order::v1::ReleaseAccountOrdersResponse response;
      return response.ParseFromString(answer) && response.remaining();
    };

    Serve(kInventory, inventory::CreateProduct);
    Serve(kInventory, inventory::UpdateProduct);
    Serve(kInventory, inventory::DiscontinueProduct);
    Serve(kInventory, inventory::ReinstateProduct);
    Serve(kInventory, inventory::ArchiveProduct);
    Serve(kInventory, inventory::ReceiveStock);
    Serve(kInventory, inventory::AdjustStock);
    Serve(kInventory, inventory::RecordDemand);
    Serve(kInventory, inventory::ReserveStock);
    Serve(kInventory, inventory::HoldDemand);
    Serve(kInventory, inventory::ResumeDemand);
    Serve(kInventory, inventory::ReleaseStock);
    Serve(kInventory, inventory::StartPicking);
    Serve(kInventory, inventory::PickShipment);
    Serve(kInventory, inventory::PackShipment);
    Serve(kInventory, inventory::ShipShipment);
    Serve(kInventory, inventory::ReturnShipment);

    Serve(kBilling, billing::OpenAccount);
    Serve(kBilling, billing::SetCredit);
    Serve(kBilling, billing::BlockAccount);
    Serve(kBilling, billing::UnblockAccount);
    Serve(kBilling, billing::CloseAccount);
    Serve(kBilling, billing::ReserveCredit);
    Serve(kBilling, billing::ReleaseCredit);
    Serve(kBilling, billing::OverrideCredit);
    Serve(kBilling, billing::PostInvoice);
    Serve(kBilling, billing::PostCreditNote);
    Serve(kBilling, billing::CreateCustomer);
    Serve(kBilling, billing::UpdateCustomer);
    Serve(kBilling, billing::RecordPayment);
    Serve(kBilling, billing::ApplyPayment);
    Serve(kBilling, billing::ReversePayment);
    Serve(kBilling, billing::CreateTaxCode);
  }

  const Method& Of(const Message& request) const {
    const auto found = by_request_.find(request.GetDescriptor());
    TANDEM_CHECK(found != by_request_.end(), request.GetTypeName());
    return found->second;
  }

 private:
  template <class Request, class Answer>
  Method& Serve(Part part, absl::StatusOr<Answer> (*decide)(const Request&, Context&, State&)) {
    Method& method = by_request_[Request::descriptor()];
    method.part = part;
    method.request = Request::descriptor();
    method.request_id = Request::descriptor()->FindFieldByName("request_id");
    method.decide = [decide](const Message& request, Context& context,
                             State& state) -> absl::StatusOr<std::string> {
      absl::StatusOr<Answer> answer = decide(static_cast<const Request&>(request), context, state);
      if (!answer.ok()) return answer.status();
      return answer->SerializeAsString();
    };
    return method;
  }

  absl::flat_hash_map<const google::protobuf::Descriptor*, Method> by_request_;
};

// The content without the id; the same bytes for the same content.
std::string ContentOf(const Message& request, const google::protobuf::FieldDescriptor* request_id) {
  std::unique_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  copy->GetReflection()->ClearField(copy.get(), request_id);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    copy->SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace

const Method& MethodOf(const Message& request) {
  static const auto* methods = new Methods();
  return methods->Of(request);
}

std::shared_ptr<Message> AsReceived(const Message& request) {
  std::shared_ptr<Message> copy(request.New());
  copy->CopyFrom(request);
  ClearOutputOnly(copy.get());
  return copy;
}

void SetRequestId(Message* request, const std::string& id) {
  request->GetReflection()->SetString(request, MethodOf(*request).request_id, id);
}

store::Command CommandOf(const Method& method, std::shared_ptr<const Message> request,
                         absl::string_view actor) {
  store::Command command;
  command.method = method.request->full_name();
  command.context.actor = std::string(actor);
  if (method.request_id != nullptr) {
    command.context.request_id = request->GetReflection()->GetString(*request, method.request_id);
    if (!command.context.request_id.empty()) {
      command.request_hash = ContentOf(*request, method.request_id);
    }
  }
  command.decide = [&method, request = std::move(request)](Context& context, State& state) {
    return method.decide(*request, context, state);
  };
  return command;
}

}  // namespace tandem::simulation
