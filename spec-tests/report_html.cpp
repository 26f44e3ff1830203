// SPDX-License-Identifier: Apache-2.0
// The report as one self-contained page: a matrix in colours, and behind every cell its files and failures.
#include <fmt/format.h>

#include <algorithm>

#include "spec-tests/report.h"

namespace heddle::spec {

namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>heddle wast</title>
<style>
:root{--bg:#fbfaf7;--ink:#23211d;--soft:#79746a;--line:#e4dfd5;--card:#fff;--good:#2f7d4f;--bad:#b3372b;--warn:#a8741a;--track:#ece7dc}
@media(prefers-color-scheme:dark){:root{--bg:#171614;--ink:#e9e4da;--soft:#968f82;--line:#33302a;--card:#1f1d1a;--good:#63b984;--bad:#e8796d;--warn:#dcab55;--track:#2b2823}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 ui-sans-serif,system-ui,sans-serif}
main{max-width:1060px;margin:0 auto;padding:3rem 1.5rem 5rem}
h1{font-size:1.6rem;font-weight:600;letter-spacing:-.01em;margin:0}
.lead{color:var(--soft);margin:.3rem 0 2rem}
.totals{display:flex;flex-wrap:wrap;gap:1rem;margin-bottom:2rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:.9rem 1.2rem;min-width:15rem;flex:1}
.card b{font-size:1.7rem;font-weight:600;font-variant-numeric:tabular-nums}
.card small{color:var(--soft);display:block}
table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:10px;overflow:hidden}
th,td{padding:.5rem .9rem;text-align:left;border-top:1px solid var(--line)}
thead th{border-top:0;color:var(--soft);font-weight:500;font-size:.85rem}
td a{color:inherit;text-decoration:none;display:block}
td a:hover .nums{text-decoration:underline}
.nums{font-variant-numeric:tabular-nums;white-space:nowrap}
.bar{display:flex;height:6px;border-radius:3px;overflow:hidden;background:var(--track);margin-top:.3rem;min-width:8rem}
.bar i{display:block}.p{background:var(--good)}.s{background:var(--warn)}.f{background:var(--bad)}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.soft{color:var(--soft)}
h2{font-size:1.1rem;font-weight:600;margin:2.5rem 0 .6rem}
details{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:.35rem 0}
summary{cursor:pointer;padding:.45rem .9rem;display:flex;gap:.8rem;align-items:baseline}
summary span:first-child{flex:1;overflow-wrap:anywhere}
.failure{border-top:1px solid var(--line);padding:.6rem .9rem}
pre{margin:.3rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;font:12.5px/1.5 ui-monospace,monospace}
.place{font:12.5px ui-monospace,monospace;color:var(--soft)}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.45rem .8rem;width:100%;margin-top:2rem}
.quiet{list-style:none;padding:0;margin:.3rem 0;columns:3 16rem;font-size:.87rem}
</style></head><body><main>
)html";

constexpr std::string_view kScript = R"html(<script>
const box=document.getElementById('filter');
box.addEventListener('input',()=>{for(const e of document.querySelectorAll('[data-path]'))
e.style.display=e.dataset.path.includes(box.value)?'':'none'});
addEventListener('hashchange',()=>{const e=document.getElementById(decodeURIComponent(location.hash.slice(1)));
if(e)for(const d of e.querySelectorAll('details.unexpected'))d.open=true});
</script></main></body></html>
)html";

std::string bar(const Counts& counts) {
  const double all =
      static_cast<double>(std::max<uint64_t>(1, counts.pass + counts.fail + counts.skip + counts.crash));
  std::string out = "<div class=\"bar\">";
  const auto part = [&](char color, uint64_t count) {
    if (count > 0)
      out += fmt::format("<i class=\"{}\" style=\"width:{:.2f}%\"></i>", color,
                         100.0 * static_cast<double>(count) / all);
  };
  part('p', counts.pass);
  part('s', counts.skip);
  part('f', counts.fail + counts.crash);
  return out + "</div>";
}

std::string numbers(const Counts& counts) {
  std::string out = fmt::format("<span class=\"nums\"><span class=\"good\">{}</span>", counts.pass);
  if (counts.fail > 0) out += fmt::format(" · <span class=\"bad\">{} failed</span>", counts.fail);
  if (counts.crash > 0) out += fmt::format(" · <span class=\"bad\">{} crashed</span>", counts.crash);
  if (counts.skip > 0) out += fmt::format(" · <span class=\"warn\">{} expected</span>", counts.skip);
  return out + "</span>";
}

class Page {
 public:
  explicit Page(const Report& report) : report_(report) {}

  std::string print() {
    out_ = kHead;
    head();
    matrix();
    out_ += "<input id=\"filter\" placeholder=\"show only paths that contain …\" aria-label=\"filter\">";
    for (const auto& [group, tiers] : group_counts(report_)) section(group);
    out_ += kScript;
    return std::move(out_);
  }

 private:
  void head() {
    out_ += fmt::format("<h1>WebAssembly test suites on Heddle: <span class=\"{}\">{}</span></h1>",
                        report_.clean() ? "good" : "bad",
                        report_.clean() ? "all as expected" : "unexpected results");
    out_ += fmt::format("<p class=\"lead\">{} results in {:.1f} s{}</p><div class=\"totals\">",
                        report_.files.size(), report_.seconds,
                        report_.repeat > 1 ? fmt::format(", {} repetitions", report_.repeat) : "");
    for (const std::string& tier : report_.tiers) {
      const Counts sum = report_.totals(tier);
      out_ += fmt::format(
          "<div class=\"card\"><small>{}</small><b>{}</b> <span class=\"soft\">assertions "
          "passed</span>{}{}</div>",
          escape_markup(tier), sum.pass, bar(sum), numbers(sum));
    }
    out_ += "</div>";
    for (const std::string& complaint : report_.complaints) {
      out_ += fmt::format("<p class=\"bad\">{}</p>", escape_markup(complaint));
    }
  }

  void matrix() {
    out_ += "<table><thead><tr><th>suite</th>";
    for (const std::string& tier : report_.tiers) out_ += fmt::format("<th>{}</th>", escape_markup(tier));
    out_ += "</tr></thead><tbody>";
    for (const auto& [group, tiers] : group_counts(report_)) {
      out_ += fmt::format("<tr><td><a href=\"#{0}\">{0}</a></td>", escape_markup(group));
      for (const std::string& tier : report_.tiers) {
        const auto found = tiers.find(tier);
        const Counts counts = found == tiers.end() ? Counts{} : found->second;
        out_ += fmt::format("<td><a href=\"#{}\">{}{}</a></td>", escape_markup(group), numbers(counts),
                            bar(counts));
      }
      out_ += "</tr>";
    }
    out_ += "</tbody></table>";
  }

  void section(const std::string& group) {
    out_ += fmt::format("<section id=\"{0}\"><h2>{0}</h2>", escape_markup(group));
    std::string quiet;
    for (const FileResult& file : report_.files) {
      if (file.group != group) continue;
      if (file.failures.empty() && file.expected.empty()) {
        quiet += fmt::format(
            "<li data-path=\"{0}\">{1} <span class=\"soft\">{2}</span></li>", escape_markup(file.path),
            escape_markup(file.path.substr(file.path.find_last_of('/') + 1)), file.counts.pass);
      } else {
        details(file);
      }
    }
    if (!quiet.empty()) out_ += "<ul class=\"quiet\">" + quiet + "</ul>";
    out_ += "</section>";
  }

  void details(const FileResult& file) {
    out_ += fmt::format(
        "<details data-path=\"{0}\"{1}><summary><span>{0}</span><span class=\"soft\">{2}</span>{3}</summary>",
        escape_markup(file.path), file.failures.empty() ? "" : " class=\"unexpected\"",
        escape_markup(file.tier), numbers(file.counts));
    some(file, file.failures, 200, "bad", "failures");
    some(file, file.expected, 20, "warn", "expected failures");
    out_ += "</details>";
  }

  void some(const FileResult& file, const std::vector<Failure>& failures, size_t limit, const char* color,
            const char* what) {
    for (size_t i = 0; i < std::min(limit, failures.size()); ++i) one_failure(file, failures[i], color);
    if (failures.size() <= limit) return;
    out_ += fmt::format("<div class=\"failure soft\">and {} more {}</div>", failures.size() - limit, what);
  }

  void one_failure(const FileResult& file, const Failure& failure, const char* color) {
    out_ += fmt::format(
        "<div class=\"failure\"><span class=\"place\">{}:{}:{}</span><pre>{}</pre><pre "
        "class=\"{}\">{}</pre></div>",
        escape_markup(file.path), failure.line, failure.column, escape_markup(failure.directive), color,
        escape_markup(failure.message));
  }

  const Report& report_;
  std::string out_;
};

}  // namespace

std::string report_html(const Report& report) { return Page(report).print(); }

}  // namespace heddle::spec
