// A desk for tests of decisions: a state with nothing in it but what a test puts there, and one
// line a command. Requests are written as text protos; events are named in order.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "platform/base/state.h"
#include "platform/base/status.h"
#include "services/customer/customer_decide.h"
#include "tandem/customer/v1/events.pb.h"

namespace tandem::customer {

template <class T>
T Text(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

class Desk {
 public:
  Desk() {
    state.TreatUnknownAsAbsent();
    context.actor = "clerk";
    context.now_micros = 1'000'000;
    context.ids = IdSource(1'000'000, 1, 1);
  }

  // Runs a command; its events are in `events`, its refusal in `reason` and `field`.
  template <class Request, class T>
  T Do(absl::StatusOr<T> (*decide)(const Request&, Context&, State&), const std::string& text) {
    state.Begin();
    absl::StatusOr<T> answer = decide(Text<Request>(text), context, state);
    reason = answer.ok() ? "" : ReasonOf(answer.status());
    field = answer.ok() ? "" : FieldOf(answer.status());
    code = answer.status().code();
    Take(answer.ok());
    return answer.ok() ? *answer : T();
  }

  // Does what is learned from an event of another service.
  void Learned(const absl::Status& status) {
    EXPECT_TRUE(status.ok()) << status;
    Take(status.ok());
  }

  v1::Customer Create(const std::string& id, const std::string& fields = "") {
    const std::string name =
        absl::StrContains(fields, "display_name") ? "" : "display_name: 'Somebody' ";
    return Do(CreateCustomer,
              absl::StrCat("customer_id: '", id, "' customer { ", name, fields, " }"));
  }
  v1::Customer Update(const std::string& id, const std::string& mask, const std::string& fields) {
    std::string paths = mask.empty() ? "" : absl::StrCat("update_mask { paths: '", mask, "' }");
    return Do(UpdateCustomer, absl::StrCat("customer { id: '", id, "' ", fields, " } ", paths));
  }
  v1::Contact CreatePerson(const std::string& id, const std::string& customer_id) {
    return Do(CreateContact, absl::StrCat("contact_id: '", id, "' contact { customer_id: '",
                                          customer_id, "' display_name: 'Ada' }"));
  }
  v1::Customer Now(const std::string& id) { return state.Answer<v1::Customer>(id); }
  const v1::CustomerEvent& Event(size_t i) const {
    return static_cast<const v1::CustomerEvent&>(*messages.at(i));
  }

  State state;
  Context context;
  std::vector<std::string> events;  // of the last command, without their package
  std::vector<std::shared_ptr<google::protobuf::Message>> messages;
  std::string reason, field;
  absl::StatusCode code = absl::StatusCode::kOk;

 private:
  void Take(bool accepted) {
    events.clear();
    messages.clear();
    if (!accepted) return;
    for (const EmittedEvent& event : state.events()) {
      events.push_back(event.type.substr(event.type.rfind('.') + 1));
      messages.push_back(event.event);
    }
    state.Accept();
  }
};

}  // namespace tandem::customer
