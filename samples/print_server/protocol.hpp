#pragma once

#include <tempeh/message/binary_header.hpp>

#include <fmt/core.h>

#include <cstdint>
#include <string>
#include <string_view>

/// What spooler and worker have agreed upon. A worker opens one channel for each job it can do at a time:
///
///     worker -> spooler   HelloRequest    PDL: PDF|PS         what it can print
///     spooler -> worker   HelloResponse                       (or a refusal: unknownPdl)
///     spooler -> worker   Request more    JobTicket: JDF|PPD  body: the ticket
///     spooler -> worker   Request more    PDL: PDF|PS         body: a piece of the document
///     worker -> spooler   Signal          Progress: [N:M]     page N of M is done
///     spooler -> worker   Request         PDL: PDF|PS         body: the last piece
///     worker -> spooler   ByeRequest      Progress: [N:M]     status and body: the result
///     spooler -> worker   ByeResponse
///
/// The message id is that of the job in all of them but the hello. A document is pages of text, each with a
/// form feed at its end; the ticket says how many there are.
namespace print {

inline constexpr std::string_view pdlHeader = "PDL";
inline constexpr std::string_view ticketHeader = "JobTicket";
inline constexpr std::string_view progressHeader = "Progress";

inline constexpr char endOfPage = '\f';

/// Statuses are the application's own, in hellos and byes alike.
enum Result : std::uint8_t { printed = 0, unknownPdl = 1, badDocument = 2 };

struct Job {
    tempeh::MessageId id = 0;
    std::string pdl;
    std::string ticketFormat;
    int pages = 0;
    std::string document;
};

inline std::string progress(int done, int pages) {
    return fmt::format("[{}:{}]", done, pages);
}

}  // namespace print
