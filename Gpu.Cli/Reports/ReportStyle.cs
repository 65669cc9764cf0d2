using Gpu.Training.IO;
using System.Xml.Linq;

namespace Gpu.Cli.Reports;

/// <summary>Style and script of the pages. Neither contains characters that HTML escapes.</summary>
internal static class ReportStyle
{
    /// <summary>Number of colors of series.</summary>
    public const int Colors = 10;

    // Colors that are told apart with most color blindness (Okabe and Ito, "Color universal design", 2008, and Tol, "Colour schemes", 2021).
    private const string Light = """
        --bg:#fbfbfa; --card:#ffffff; --ink:#1d2129; --soft:#5d6470; --line:#e1e4e8; --grid:#eceef1; --heat:#0072b2;
        --s0:#0072b2; --s1:#d55e00; --s2:#009e73; --s3:#b3568f; --s4:#a57600; --s5:#3a9bd5; --s6:#6b6f76; --s7:#882255; --s8:#666600; --s9:#44aa99;
        """;

    private const string Dark = """
        --bg:#15181d; --card:#1d2128; --ink:#e8eaee; --soft:#a3abb8; --line:#343a44; --grid:#2a2f38; --heat:#3f9bdc;
        --s0:#56b4e9; --s1:#ff8f4a; --s2:#35c79d; --s3:#e39ac8; --s4:#efc14a; --s5:#9bd4ff; --s6:#aab1bc; --s7:#e07a9d; --s8:#c3c35a; --s9:#7fdccb;
        """;

    private const string Rules = """
        *{box-sizing:border-box}
        body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
        main{max-width:1400px;margin:0 auto;padding:16px}
        header{display:flex;gap:12px;align-items:flex-start;justify-content:space-between}
        h1{font-size:24px;line-height:1.25;margin:4px 0 2px;overflow-wrap:anywhere}
        h2{font-size:18px;margin:0 0 12px}
        h3{font-size:14px;margin:0 0 6px;color:var(--soft);font-weight:600}
        p{margin:4px 0 10px;max-width:75ch}
        .soft{color:var(--soft)}
        section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px;margin:16px 0}
        .charts{display:grid;gap:20px;grid-template-columns:repeat(auto-fill,minmax(min(100%,330px),1fr))}
        .chart{min-width:0;max-width:620px}
        .charts+.scroll,.charts+p{margin-top:20px}
        .facts{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(130px,1fr))}
        .fact{border-left:3px solid var(--s0);padding:2px 10px}
        .fact b{display:block;font-size:22px;line-height:1.25;font-variant-numeric:tabular-nums}
        .fact span{color:var(--soft);font-size:13px}
        svg{display:block;width:100%;height:auto}
        svg text{font-family:inherit;font-size:12.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
        svg .name{font-weight:600}
        svg .halo{paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
        th,td{padding:4px 10px;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:middle}
        th{color:var(--soft);font-weight:600;font-size:13px}
        td.wrap{white-space:normal;min-width:90px;overflow-wrap:anywhere}
        td.run{white-space:nowrap;position:sticky;left:0;background:var(--card)}
        @media (max-width:700px){td.run{white-space:normal;min-width:150px;overflow-wrap:anywhere}}
        .n{text-align:right}
        .matrix td{text-align:center;min-width:34px;padding:4px 6px;border:1px solid var(--card)}
        .matrix th{max-width:110px;overflow:hidden;text-overflow:ellipsis}
        .matrix thead th{text-align:center}
        .pictures{display:grid;gap:14px;grid-template-columns:repeat(auto-fill,minmax(104px,1fr))}
        figure{margin:0;min-width:0;font-size:13px;line-height:1.35}
        figcaption{overflow-wrap:anywhere}
        figure img{width:96px;height:96px;object-fit:contain;image-rendering:pixelated;background:var(--grid);border-radius:4px;display:block;margin-bottom:4px}
        .pair{display:flex;gap:4px}
        .pair img{width:calc(50% - 2px);height:auto;aspect-ratio:1}
        .filters{display:flex;flex-wrap:wrap;gap:6px}
        .filters img{width:44px;height:44px;image-rendering:pixelated;border-radius:3px}
        .filters.big img{width:72px;height:72px}
        .two{display:grid;gap:24px;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));align-items:start}
        .plane{max-width:100%;height:auto;border-radius:6px;background:#fff}
        .key{display:inline-block;width:22px;height:3px;vertical-align:middle;margin-right:6px;border-radius:2px}
        .settings{columns:280px;column-gap:32px;font-size:14px}
        .settings div{display:flex;gap:12px;justify-content:space-between;border-bottom:1px solid var(--line);padding:3px 0;break-inside:avoid}
        .settings span{color:var(--soft);white-space:nowrap}
        .settings b{font-weight:500;text-align:right;overflow-wrap:anywhere}
        pre{margin:0;padding:12px;background:var(--grid);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font-size:13px}
        button{font:inherit;font-size:13px;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:6px;padding:4px 10px;
          cursor:pointer;white-space:nowrap}
        """;

    private const string Script = """
        var root=document.documentElement;
        document.getElementById('theme').onclick=function(){
          var now=root.dataset.theme||(matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light');
          root.dataset.theme=now==='dark'?'light':'dark';};
        """;

    /// <summary>A page.</summary>
    /// <param name="title">its title</param>
    /// <param name="subtitle">a line below the title</param>
    /// <param name="isLive">whether the browser loads the page again from time to time</param>
    /// <param name="sections">its sections; those that are null are left out</param>
    /// <param name="style">more rules</param>
    /// <param name="script">a script that runs at the end</param>
    public static string Page(
        string title, string subtitle, bool isLive, IEnumerable<XElement?> sections, string style = "", string? script = null) => Html.Write(Html.E(
        "html", Html.A("lang", "en"),
        Html.E(
            "head", Html.E("meta", Html.A("charset", "utf-8")),
            Html.E("meta", Html.A("name", "viewport"), Html.A("content", "width=device-width, initial-scale=1")),
            Html.E("meta", Html.A("name", "generator"), Html.A("content", FileOrigin.Program)),
            Html.E("meta", Html.A("name", "color-scheme"), Html.A("content", "light dark")),
            isLive ? Html.E("meta", Html.A("http-equiv", "refresh"), Html.A("content", "5")) : null,
            Html.E("title", title),
            Html.E(
                "style",
                $":root{{{Light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{Dark}}}}}\n"
                + $":root[data-theme=dark]{{{Dark}}}\n:root[data-theme=dark]{{color-scheme:dark}}\n:root[data-theme=light]{{color-scheme:light}}\n"
                + $"{Rules}\n{style}")),
        Html.E(
            "body",
            Html.E(
                "main",
                Html.E(
                    "header", Html.E("div", Html.E("h1", title), Html.E("p", Html.A("class", "soft"), subtitle)),
                    Html.E("button", Html.A("id", "theme"), Html.A("type", "button"), "Light / dark")),
                sections.Where(section => section is not null)),
            Html.E("script", Script), script is null ? null : Html.E("script", script))));

    /// <summary>The color of a series or class.</summary>
    public static string Color(int index) => $"var(--s{index % Colors})";
}
