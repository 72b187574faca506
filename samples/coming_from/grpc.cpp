// The conversation of docs/coming_from with gRPC.

#include "words.grpc.pb.h"

#include <chrono>
#include <grpcpp/grpcpp.h>
#include <iostream>
#include <memory>
#include <string>

// Called in a thread of the server's pool.
class Service final : public words::Words::Service {
    grpc::Status Reverse(grpc::ServerContext*,
                         const words::Text* request,
                         words::Text* answer) override {
        const std::string& text = request->text();
        answer->set_text({text.rbegin(), text.rend()});
        return grpc::Status::OK;
    }
};

std::string ask(const std::string& address) {
    // A channel connects when it is used, and again when
    // the connection is lost.
    auto stub = words::Words::NewStub(grpc::CreateChannel(
        address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;  // one for each call
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(5));
    words::Text question, answer;
    question.set_text("stressed");
    const grpc::Status status =
        stub->Reverse(&context, question, &answer);
    if (!status.ok()) return status.error_message();
    return answer.text();
}

int main() {
    Service service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(
        "127.0.0.1:0", grpc::InsecureServerCredentials(),
        &port);
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server =
        builder.BuildAndStart();
    std::cout << ask("127.0.0.1:" + std::to_string(port))
              << '\n';
}
