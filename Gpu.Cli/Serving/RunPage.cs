using System.Xml.Linq;
using Gpu.Cli.Reports;

namespace Gpu.Cli.Serving;

/// <summary>Adds to the page of a run what only the server has: links, a place to drop an image, and updates while it trains.</summary>
internal static class RunPage
{
    private const string ListEnd = "<main>";
    private const string HeaderEnd = "</header>";
    private const string BodyEnd = "</body>";

    /// <summary>Rules for <see cref="DropZone"/> and the links.</summary>
    public const string Style = """
        nav{font-size:14px;margin:0 0 4px}
        a{color:var(--s0)}
        .drop{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr));align-items:start}
        .drop label{display:flex;flex-direction:column;align-items:center;justify-content:center;gap:6px;min-height:120px;padding:16px;text-align:center;
          border:2px dashed var(--line);border-radius:10px;cursor:pointer;color:var(--soft)}
        .drop label.over,.drop label:hover,.drop label:focus-within{border-color:var(--s0);color:var(--ink)}
        .drop label img{max-width:100%;max-height:160px;min-width:56px;image-rendering:pixelated;border-radius:4px}
        .drop input{position:absolute;opacity:0;width:1px;height:1px}
        .result{max-width:560px}
        .bar{display:grid;grid-template-columns:minmax(0,1fr) 64px;gap:2px 10px;font-size:14px;margin:0 0 8px}
        .bar i{grid-column:1/-1;height:8px;border-radius:4px;background:var(--s0);min-width:2px}
        .bar b{font-weight:500;text-align:right;font-variant-numeric:tabular-nums}
        .bar span{overflow-wrap:anywhere}
        select{font:inherit;font-size:14px;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:6px;
          padding:4px 8px;max-width:100%}
        #live{color:var(--s1);font-weight:600}
        """;

    /// <summary>Sends the dropped image to <c>/predict</c> and shows the classes. Scripts here contain no characters that HTML escapes.</summary>
    public const string DropScript = """
        (function(){
          var zone=document.getElementById('drop');
          if(!zone)return;
          var label=zone.querySelector('label'),input=zone.querySelector('input'),result=zone.querySelector('.result'),choice=zone.querySelector('select');
          function element(name,text,parent){var one=document.createElement(name);one.textContent=text;parent.appendChild(one);return one;}
          function say(text){result.textContent='';element('p',text,result);}
          function classify(file){
            if(!file)return;
            var old=label.querySelector('img');
            if(old){URL.revokeObjectURL(old.src);old.remove();}
            var picture=document.createElement('img');
            picture.alt='';picture.src=URL.createObjectURL(file);
            label.insertBefore(picture,label.firstChild);
            say('Classifying\u2026');
            var run=choice?choice.value:zone.dataset.run;
            fetch('/predict?run='+encodeURIComponent(run),{method:'POST',body:file,headers:{'Content-Type':'application/octet-stream'}})
              .then(function(answer){return answer.json();})
              .then(function(json){
                if(json.error){say(json.error);return;}
                result.textContent='';
                json.classes.slice(0,5).forEach(function(one){
                  var bar=element('div','',result);bar.className='bar';
                  element('span',one.name,bar);
                  element('b',(100*one.probability).toFixed(1)+' %',bar);
                  element('i','',bar).style.width=(100*one.probability)+'%';
                });
                element('p',run+' \u00b7 '+json.milliseconds.toFixed(1)+' ms',result).className='soft';
              }).catch(function(error){say('The server did not answer: '+error.message);});
          }
          input.onchange=function(){classify(input.files[0]);input.value='';};
          zone.addEventListener('dragover',function(event){event.preventDefault();label.className='over';});
          zone.addEventListener('dragleave',function(){label.className='';});
          zone.addEventListener('drop',function(event){event.preventDefault();label.className='';classify(event.dataTransfer.files[0]);});
        })();
        """;

    // Replaces the sections, so that the place in the page and the dropped image stay.
    private const string LiveScript = """
        (function(){
          var live=document.getElementById('live');
          if(!live)return;
          var wanted=false,busy=false;
          function update(){
            if(busy){wanted=true;return;}
            busy=true;
            fetch(location.href).then(function(answer){return answer.text();}).then(function(text){
              var fresh=new DOMParser().parseFromString(text,'text/html'),main=document.querySelector('main');
              document.querySelector('header p').textContent=fresh.querySelector('header p').textContent;
              main.querySelectorAll('section:not(#drop)').forEach(function(one){one.remove();});
              fresh.querySelectorAll('main section:not(#drop)').forEach(function(one){main.appendChild(document.adoptNode(one));});
            }).catch(function(){}).then(function(){busy=false;if(wanted){wanted=false;update();}});
          }
          var source=new EventSource(location.pathname+'/events?after='+live.dataset.epochs);
          source.addEventListener('epoch',function(event){
            var one=JSON.parse(event.data);
            live.textContent='trains: epoch '+one.epoch+' of '+one.epochs;
            update();
          });
          source.addEventListener('end',function(){source.close();live.textContent='ended';setTimeout(update,1500);});
        })();
        """;

    /// <summary>The page of a run.</summary>
    /// <param name="html">its report</param>
    /// <param name="name">its name</param>
    /// <param name="isTraining">whether a process trains in it</param>
    /// <param name="epochs">number of epochs in the report</param>
    /// <param name="classifiesImages">whether it gives a class for an image</param>
    public static string Complete(string html, string name, bool isTraining, int epochs, bool classifiesImages)
    {
        var live = isTraining ? Html.E("span", Html.A("id", "live"), Html.A("data-epochs", epochs), "trains") : null;
        html = WithLinks(html, live);
        if (classifiesImages) html = Insert(html, HeaderEnd, Html.Inner(DropZone([name])), after: true);
        return Insert(html, BodyEnd, $"<script>{DropScript}{LiveScript}</script>", after: false);
    }

    /// <summary>A page with a link to the list.</summary>
    /// <param name="html">the page</param>
    /// <param name="more">what follows the link</param>
    public static string WithLinks(string html, XElement? more = null)
    {
        var nav = Html.E("nav", Html.E("a", Html.A("href", "/"), "All runs"), more is null ? null : " \u00B7 ", more);
        return Insert(html, ListEnd, $"<style>{Style}</style>{Html.Inner(nav)}", after: true);
    }

    /// <summary>A place to drop an image.</summary>
    /// <param name="runs">the runs that can classify it; several get a choice</param>
    public static XElement DropZone(IReadOnlyList<string> runs)
    {
        var zone = Html.Section(
            "Classify an image",
            Html.Div(
                "drop",
                Html.E(
                    "label", Html.E("span", "Drop an image here, or choose one"),
                    Html.E("input", Html.A("type", "file"), Html.A("accept", "image/*"), Html.A("aria-label", "Image to classify"))),
                Html.E(
                    "div",
                    runs.Count == 1 ? null : Html.E(
                        "p", Html.E("select", Html.A("aria-label", "Run"), runs.Select(run => Html.E("option", Html.A("value", run), run)))),
                    Html.E("div", Html.A("class", "result"), Html.A("aria-live", "polite")))));
        zone.Add(Html.A("id", "drop"), Html.A("data-run", runs[0]));
        return zone;
    }

    private static string Insert(string html, string mark, string text, bool after)
    {
        var at = after ? html.IndexOf(mark, StringComparison.Ordinal) : html.LastIndexOf(mark, StringComparison.Ordinal);
        // A page of another version is shown as it is.
        return at < 0 ? html : html.Insert(after ? at + mark.Length : at, text);
    }
}
