// sources player/kernel.js player/moves.js player/player.css player/player.js player/run.js widgets/player.js build.mjs package-lock.json sha256 9769f8e599227962
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var v,ce,Te,A,V,K,ue,N,de,q,F,Ae,U=Symbol.for("pv"),z={},B=[],Ee=/^m(i|n|o|s|text|space)$/,X=Array.isArray,G=B.slice,O=Object.assign;function D(e){e&&e.parentNode&&e.remove()}function f(e,t,n){var r,a,o,s={},l=arguments.length;for(o in t)o=="key"?r=t[o]:o=="ref"&&typeof e!="function"?a=t[o]:s[o]=t[o];return l>2&&(s.children=l>3?G.call(arguments,2):n),j(e,s,r,a,null)}function j(e,t,n,r,a){var o={type:e,props:t,key:n,ref:r,__k:null,__:null,__b:0,__e:null,__c:null,constructor:U,__v:a||++ce,__i:-1,__u:0};return!a&&v.vnode&&v.vnode(o),o}function H(e){return e.children}function W(e,t){this.props=e,this.context=t,this.__g=0}function E(e,t){if(t==null)return e.__&&E(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:E(e)}function Ie(e){var t,n=e.__v,r=n.__e,a=[],o=[],s=e.__P;s&&((t=O({constructor:U},n)).__v=n.__v+1,v.vnode&&v.vnode(t),Y(s,t,n,e.__n,s.namespaceURI,32&n.__u?[r]:null,a,r||E(n),32&n.__u,o),t.__v=n.__v,t.__.__k[t.__i]=t,be(a,t,o),n.__=n.__e=null,t.__e!=r&&_e(t))}function _e(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),_e(e)}function pe(e){(8&e.__g||(e.__g|=8,A.push(e),K++))&&V==v.debounceRendering||((V=v.debounceRendering)||queueMicrotask)(he)}function he(){try{for(var e,t=1;A.length;)A.length>t&&A.sort(ue),e=A.shift(),t=A.length,8&e.__g&&Ie(e)}finally{(K=A.length)&&(V||queueMicrotask)(he)}}function ge(e,t,n,r,a,o,s,l,u,_,p){var d,c,i,h,k,y,b=r.__k||B,g=t.length;for(u=De(n,t,b,u,g),d=0;d<g;d++)(i=n.__k[d])!=null&&(c=~i.__i&&b[i.__i]||z,i.__i=d,y=Y(e,i,c,a,o,s,l,u,_,p),h=i.__e,(c.ref!=i.ref||8&c.__u)&&(c.ref&&J(c.ref,null,i,c),i.ref&&p.push(i.ref,i.__c||h,i)),k=k||h,4&i.__u?(u=me(i,u,e,!c.__v),c.__e&&(c.__e=null)):typeof i.type=="function"&&y!==void 0?u=y:h&&(u=h.nextSibling),i.__u&=-21);return n.__e=k,u}function De(e,t,n,r,a){var o,s,l,u,_,p,d,c,i,h=n.length,k=h,y=0,b=0,g=e.__k=Array(a);for(o=0;o<a;o++)(s=t[o])!=null&&typeof s!="boolean"&&typeof s!="function"?(typeof s!="object"||s.constructor===String?s=g[o]=j(null,s):X(s)?s=g[o]=j(H,{children:s}):s.constructor===U&&s.__b?s=g[o]=j(s.type,s.props,s.key,s.ref,s.__v):g[o]=s,u=o+y,s.__=e,s.__b=e.__b+1,l=null,~(_=s.__i=Oe(s,n,u,k))&&(k--,(l=n[_])&&(l.__u|=2)),l&&l.__v?(s.__u|=16,_==u-1?y--:_==u+1?y++:_!=u&&(_>u?y--:y++,b=1)):(~_||(a>h?y--:a<h&&y++),typeof s.type!="function"&&(s.__u|=4))):g[o]=null;if(b){for(p=[],d=[],o=0;o<a;o++)if((s=g[o])&&16&s.__u){for(y=0,c=p.length;y<c;)p[i=y+c>>1]<s.__i?y=i+1:c=i;p[y]=s.__i,d[o]=y+1}for(y=p.length;o--;)d[o]&&(d[o]==y?y--:g[o].__u|=4)}if(k)for(o=0;o<h;o++)!(l=n[o])||2&l.__u||(l.__e==r&&(r=E(l)),Q(l,l));return r}function me(e,t,n,r){var a,o,s,l;if(typeof e.type=="function"){if(e.props.__P)return t;if(a=e.__k)for(o=0;o<a.length;o++)a[o]&&(a[o].__=e,t=me(a[o],t,n,!1));return t}for(t&&!t.parentNode&&(t=E(e))&&!t.parentNode&&(t=null),s=e.__e,l=t;l&&l.nodeType==8;)l=l.nextSibling;for(s!=l&&(!r&&n.moveBefore&&s.parentNode?n.moveBefore(s,t):n.insertBefore(s,t||null)),t=s;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Oe(e,t,n,r){var a,o=e.key,s=e.type,l=t[n],u=l&&!(2&l.__u);if(l===null&&o==null||u&&o==l.key&&s==l.type)return n;if(r>(u?1:0)){for(a=n-1;a>=0;a--)if((l=t[a])&&!(2&l.__u)&&o==l.key&&s==l.type)return a;for(a=n+1;a<t.length;a++)if((l=t[a])&&!(2&l.__u)&&o==l.key&&s==l.type)return a}return-1}function fe(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function L(e,t,n,r,a){var o,s;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof r=="string"&&(e.style.cssText=r=""),r)for(t in r)n&&t in n||fe(e.style,t);if(n)for(t in n)r&&n[t]==r[t]||fe(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof r!="function"&&(r=null),(e.__e||(e.__e={}))[t]=n,n&&r||(s=F[t]||(F[t]=je(t)),(e.__a||(e.__a={}))[t]=q,o=t!=(t=t.replace(de,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,s,o):e.removeEventListener(t,s,o));else{if(a=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function je(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[N]==null)t[N]=q++;else if(t[N]<this.__a[e])return;return n(v.event?v.event(t):t)}}}function Y(e,t,n,r,a,o,s,l,u,_){var p,d,c,i,h,k,y,b,g,w,x,m,$,P,C,se,T,I,M=t.type;if(t.constructor!==U)return null;128&n.__u&&(u=32&n.__u,p=n.__c.__z)&&(t.__u|=u,d=o=[],p.nodeType==8?l=R(p,o):o.push(p),l=o[0]||l),(p=v.__b)&&p(t);e:if(typeof M=="function"){c=s.length;try{if(b=t.props,g=(p=M.prototype)&&p.render,w=(p=M.contextType)&&r[p.__c],x=p?w?w.props.value:p.__:r,(i=n.__c)?(t.__c=i,2&i.__g&&(i.__g|=1)):(g?t.__c=i=new M(b,x):(t.__c=i=new W(b,x),i.constructor=M,i.render=Le),w&&w.sub(i),i.state||(i.state={}),i.__n=r,i.__g|=8,i.__h=[],i.__k=[]),g&&(i.__s||(i.__s=i.state),M.getDerivedStateFromProps&&(i.__s==i.state&&(i.__s=O({},i.__s)),O(i.__s,M.getDerivedStateFromProps(b,i.__s)))),h=i.props,k=i.state,i.__v=t,n.__c){if(b!==h&&g&&!M.getDerivedStateFromProps&&i.componentWillReceiveProps&&i.componentWillReceiveProps(b,x),t.__v==n.__v&&!(8&i.__g)||!(4&i.__g)&&i.shouldComponentUpdate&&i.shouldComponentUpdate(b,i.__s,x)===!1){t.__v!=n.__v&&(i.props=b,i.state=i.__s,i.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),B.push.apply(i.__h,i.__k),i.__k=[],i.__h.length&&s.push(i),l=E(n);break e}i.componentWillUpdate&&i.componentWillUpdate(b,i.__s,x),g&&i.componentDidUpdate&&i.__h.push(function(){i.componentDidUpdate(h,k,y)})}else g&&!M.getDerivedStateFromProps&&i.componentWillMount&&i.componentWillMount(),g&&i.componentDidMount&&i.__h.push(i.componentDidMount);i.context=x,i.props=b,i.__P=e,i.__g&=-5,m=v.__r,$=g?25:0;do i.__g&=-9,m&&m(t),p=i.render(i.props,i.state=i.__s,i.context);while(8&i.__g&&++$<25);g&&(B.push.apply(i.__h,i.__k),i.__k=[]),i.state=i.__s,i.getChildContext&&(r=O({},r,i.getChildContext())),g&&n.__c&&i.getSnapshotBeforeUpdate&&(y=i.getSnapshotBeforeUpdate(h,k)),P=p&&p.type===H&&p.key==null?p.props.children:p,b.__P&&(p=l,a=(e=b.__P).namespaceURI,u=o=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&Q(S,S)}),n.__k=null),l=n.__k?E(n,0):null),l=ge(e,X(P)?P:[P],t,n,r,a,o,s,l,u,_),b.__P&&(t.__e=null,l=p),t.__u&=-161,d&&d.some(D),i.__h.length&&s.push(i),1&i.__g&&(i.__g&=-4)}catch(S){if(s.length=c,t.__v=null,u||o)if(S&&S.then){if(t.__u|=128|u,o){for(~(T=o.indexOf(l||void 0))||(T=o.length);(I=o[T-1])&&I.nodeType==8;)T--;for(;T<o.length;T++)if(I=o[T])if(o[T]=null,C){if(I==se)break}else{if(I.nodeType!=8)break;I.data.startsWith("$s")&&(se=R(C=I))}}if(!C){for(;l&&l.nodeType==8&&l.nextSibling;)l=l.nextSibling;C=l}(p=R(C=t.__c.__z||(t.__c.__z=C)))?(t.__e=C,l=p):t.__e=l,l=l&&l.nextSibling}else o&&o.some(D);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||ye(t),v.__e(S,t,n)}}else l=t.__e=Ue(n.__e,t,n,r,a,o,s,u,_,e);return(p=v.diffed)&&p(t),l}function R(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function ye(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(ye))}function be(e,t,n){for(var r=0;r<n.length;)J(n[r++],n[r++],n[r++]);v.__c&&v.__c(t,e),e.some(function(a){try{e=a.__h,a.__h=[],e.some(function(o){o.call(a)})}catch(o){v.__e(o,a.__v)}})}function Ue(e,t,n,r,a,o,s,l,u,_){var p,d,c,i,h,k,y,b,g=n.props||z,w=t.props,x=t.type;if(x=="svg"?a="http://www.w3.org/2000/svg":x=="math"?a="http://www.w3.org/1998/Math/MathML":a||(a="http://www.w3.org/1999/xhtml"),o){for(p=0;p<o.length;p++)if((h=o[p])&&(x?h.localName==x:h.nodeType==3)){e=h,o[p]=null;break}}if(!e){if(b=_.ownerDocument||document,!x)return b.createTextNode(w);e=b.createElementNS(a,x,w.is?w:_),l&&(v.__m&&v.__m(t,o),l=!1),o=null}if(x){if(_=x=="template"&&e.content||e,o=x=="textarea"&&w.defaultValue!=null?null:o&&G.call(_.childNodes),!l&&o)for(g={},p=0;p<e.attributes.length;p++)g[(h=e.attributes[p]).name]=h.value;for(p in g)h=g[p],p=="dangerouslySetInnerHTML"?c=h:p=="children"||p in w||p=="value"&&"defaultValue"in w||p=="checked"&&"defaultChecked"in w||L(e,p,null,h,a);for(p in w)h=w[p],p=="children"?i=h:p=="dangerouslySetInnerHTML"?d=h:p=="value"?k=h:p=="checked"?y=h:l&&typeof h!="function"||g[p]===h||L(e,p,h,g[p],a);d?(l||c&&(d.__html==c.__html||d.__html==e.innerHTML)||(e.innerHTML=d.__html),t.__k=[]):(c&&(e.textContent=""),(x=="foreignObject"||a=="http://www.w3.org/1998/Math/MathML"&&Ee.test(x))&&(a="http://www.w3.org/1999/xhtml"),ge(_,X(i)?i:[i],t,n,r,a,o,s,o?o[0]:n.__k&&E(n,0),l,u),o&&o.some(D)),l&&x!="textarea"||(p="value",x=="progress"&&k==null?e.removeAttribute(p):k==null||k===e[p]&&(x!="progress"||k)||L(e,p,k,g[p],a),p="checked",y!=null&&y!=e[p]&&L(e,p,y,g[p],a))}else g===w||l&&e.data==w||(e.data=w);return e}function J(e,t,n,r){try{typeof e=="function"?t?t.__x=e(t)||1:r&&(r=r.__c||r.__e)&&(t=r.__x)&&(r.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(a){v.__e(a,n)}}function Q(e,t,n){var r,a,o,s;if(v.unmount&&v.unmount(e),!(r=e.ref)||r.current&&r.current!=e.__e||J(r,null,t,e),r=e.__c){if(r.componentWillUnmount)try{r.componentWillUnmount()}catch(l){v.__e(l,t)}r.__P=r.__n=null}if(r=e.__k)for(s=0;s<r.length;s++)r[s]&&Q(r[s],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(r=e.__c)&&(r=r.__z)&&(a=R(r,o=[]))&&(r==e.__e&&o.some(D),D(a),D(r)),n||D(e.__e),e.__e=e.__c=e.__=null}function Le(e,t,n){return this.constructor(e,n)}function Z(e,t){var n,r,a,o;v.__&&v.__(e,t),t.nodeType==9&&(t=t.documentElement),r=(n=e&&32&e.__u)?null:t.__k,t.__k=j(H,{children:[e]}),a=[],o=[],Y(t,t.__k,r||z,z,t.namespaceURI,r?null:t.firstChild?G.call(t.childNodes):null,a,r?r.__e:t.firstChild,n,o),be(a,t.__k,o),t.__k.props.children=null}v={__e:function(e,t,n,r){for(var a,o,s;t=t.__;)if((a=t.__c)&&!(1&a.__g)){a.__g|=4;try{if((s=(o=a.constructor)&&o.getDerivedStateFromError)&&a.setState(o.getDerivedStateFromError(e)),a.componentDidCatch&&(a.componentDidCatch(e,r||{}),s=1),s&&8&a.__g)return void(a.__g|=2)}catch(l){e=l}}throw K=0,e}},ce=0,Te=function(e){return e!=null&&e.constructor===U},W.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=O({},this.state)),typeof e=="function"&&(e=e(O({},n),this.props)),e&&(O(n,e),this.__v&&(t&&this.__k.push(t),pe(this)))},W.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),pe(this))},W.prototype.render=H,A=[],K=0,ue=function(e,t){return e.__v.__b-t.__v.__b},N=Symbol(),de=/(PointerCapture)$|Capture$/i,q=0,F={},Ae=0;function xe(e,t,n=!1){let r=e[t][2],a=n?-1:1,o=t+a;for(;e[o]&&e[o][2]>r;)o+=a;return e[o]?o:t}function ke(e,t,n,r,a=!1){let o=([l,u])=>l===n&&u===r,s=a?e.slice(0,t).findLastIndex(o):e.findIndex((l,u)=>u>t&&o(l));return s<0?t:s}function ve({listing:e,lines:t,parts:n,step:r,moves:a}){let[o,s,,l,u]=t[r];return f("div",{class:"deft-kernel"},f(Ne,{listing:e[o],fn:o,line:s,moves:a}),f(We,{rows:l,changed:u,parts:n,name:e[o].name}))}function Ne({listing:e,fn:t,line:n,moves:r}){return f("div",{class:"deft-source deft-scrolls",tabIndex:0,role:"region","aria-label":`Source of ${e.name}, line ${n}`},f("p",{class:"deft-where"},`${e.file}: ${e.name}`),f("ol",{start:e.first},e.lines.map((a,o)=>{let s=e.first+o,l=s===n,[u,..._]=a.split(/(?=(?:^|\s)#)/);return f("li",{key:s,class:l?"now":"","aria-current":l?"step":void 0,ref:l?we:void 0},f("button",{type:"button",class:"deft-line",tabIndex:-1,title:"run to this line; with Shift, back to it","aria-label":`Run to line ${s}`,onClick:p=>r.line(t,s,p)},s),f("code",null,u,_.length?f("span",{class:"deft-comment"},_.join("")):null))})))}function We({rows:e,changed:t,parts:n,name:r}){let a=new Set(t),o=e.map((l,u)=>`<tr class="${a.has(u)?"now":""}">${n[l]}</tr>`).join(""),s=l=>l&&we(l.querySelector("tr.now"));return f("div",{class:"deft-variables deft-scrolls",tabIndex:0,role:"region","aria-label":`Variables of ${r}`},f("p",{class:"deft-where"},`variables of ${r}; marked: changed by this line`),f("table",{ref:s,key:o,dangerouslySetInnerHTML:{__html:`<tbody>${o}</tbody>`}}))}function we(e){let t=e?.closest(".deft-scrolls");t&&requestAnimationFrame(()=>{let[n,r]=[e.getBoundingClientRect(),t.getBoundingClientRect()],a=r.height/3;n.top<r.top+24?t.scrollTop-=r.top-n.top+a:n.bottom>r.bottom&&(t.scrollTop+=n.bottom-r.bottom+a)})}function $e({id:e,breakpoint:t,hits:n,refusal:r,answered:a,step:o,moves:s}){let l=n.filter(p=>p>o).length,_=(t!==a?"asking Python, which must be running":"")||r||(t?`${n.length} ${n.length===1?"stop":"stops"}, ${l} ahead`:"such as first == 4 and node(3)");return f("div",{class:"deft-transport"},f("label",{for:`${e}-stop`},"Stop when"),f("input",{id:`${e}-stop`,type:"text",value:t,spellcheck:!1,"aria-describedby":`${e}-stops`,placeholder:"first == 4",onKeyDown:p=>p.key==="Enter"&&s.stopWhen(p.target.value),onBlur:p=>s.stopWhen(p.target.value)}),f("button",{type:"button",disabled:!n.some(p=>p<o),onClick:p=>s.stop(!0,p)},"\u25C0 stop"),f("button",{type:"button",disabled:!l,onClick:p=>s.stop(!1,p)},"stop \u25B6"),f("span",{id:`${e}-stops`,role:"status",class:r?"deft-refused":"deft-hint"},_))}function ee(e){let t=new Map;return e.forEach((n,r)=>t.has(n.chapter)||t.set(n.chapter,r)),[...t]}var te=e=>e.flatMap((t,n)=>t.mark?[[t.mark,n]]:[]);function ne(e,t,n=!1){return(n?e.findLast(a=>a<t):e.find(a=>a>t))??t}function oe(e,t,n,r={}){let a=n.length-1;if(e.ctrlKey||e.metaKey||e.altKey)return null;let o=l=>Math.max(0,Math.min(a,l));if(e.key===" ")return o(t+(e.shiftKey?-1:1));if(e.key==="ArrowRight"||e.key==="ArrowDown")return o(t+1);if(e.key==="ArrowLeft"||e.key==="ArrowUp")return o(t-1);if(e.key==="Home")return 0;if(e.key==="End")return a;if(/^[1-9]$/.test(e.key))return ee(n)[Number(e.key)-1]?.[1]??null;let s=Object.values(r).find(({key:l})=>l===e.key.toLowerCase());return s?re(s,t,e.shiftKey):null}var re=(e,t,n)=>e.to?e.to(t,n):ne(e.steps,t,n);function ae(e,t,n,r=null){let a=n.find(o=>o>e&&o<=t&&o!==r);return a===void 0?{step:t,wait:null}:{step:a-1,wait:a}}var Se=`.deft-player {
  max-width: 860px;
  padding: 10px 12px;
  border: 1px solid var(--deft-faint);
  border-radius: 6px;
}
.deft-player:focus-visible {
  outline: 2px solid var(--deft-accent);
  outline-offset: 1px;
}
.deft-player h3 {
  margin: 0 0 6px;
  font-size: 14px;
  font-weight: 600;
  color: var(--deft-ink);
}
.deft-chapters {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin: 0 0 8px;
}
.deft-player button,
.deft-player select,
.deft-player input[type="text"] {
  font: inherit;
  min-height: 26px;
  padding: 2px 9px;
  color: var(--deft-ink);
  background: var(--deft-bg);
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-player button {
  cursor: pointer;
}
.deft-player button:hover:enabled {
  background: var(--deft-faint);
}
.deft-player button:disabled {
  opacity: 0.45;
  cursor: default;
}
.deft-chapters button[aria-current="true"] {
  font-weight: 600;
  color: var(--deft-bg);
  background: var(--deft-ink);
  border-color: var(--deft-ink);
}
.deft-said {
  min-height: 7.4em;
}
.deft-sentence {
  margin: 0 0 3px;
  font-size: 13.5px;
  color: var(--deft-ink);
}
.deft-player pre.deft-formula {
  margin: 0;
  padding: 0;
  color: var(--deft-muted);
  background: none;
  border: 0;
  font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap;
}
.deft-wait {
  margin: 4px 0 0;
  padding: 3px 8px;
  border-left: 3px solid #d55e00;
  font-weight: 600;
}
.deft-player svg .cell.lit {
  stroke: var(--deft-line);
  stroke-width: 1;
}
.deft-stage {
  overflow-x: auto; /* narrow pages scroll it rather than shrink its numbers away */
}
.deft-stage svg {
  min-width: 540px;
  display: block;
  width: 100%;
  height: auto;
}
.deft-scrub {
  position: relative;
  margin-top: 6px;
}
.deft-scrub input {
  display: block;
  width: 100%;
  margin: 0;
  accent-color: var(--deft-accent);
}
.deft-ticks {
  position: relative;
  height: 15px;
  margin: 0 8px;
}
.deft-ticks span {
  position: absolute;
  transform: translateX(-50%);
  font-size: 10.5px;
  line-height: 15px;
  color: var(--deft-muted);
  white-space: nowrap;
  cursor: pointer;
}
.deft-ticks span.far {
  width: 3px;
  height: 6px;
  background: var(--deft-line);
  overflow: hidden;
  text-indent: 9px;
}
.deft-transport {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
  margin-top: 6px;
}
.deft-transport label {
  color: var(--deft-muted);
}
.deft-transport .deft-count {
  margin-left: auto;
  color: var(--deft-ink);
}
.deft-player details {
  margin-top: 8px;
}
.deft-player summary {
  cursor: pointer;
  color: var(--deft-muted);
}
.deft-player table {
  margin: 4px 0 0;
  border-collapse: collapse;
  font-size: 11.5px;
  color: var(--deft-ink);
}
.deft-player .deft-table {
  max-height: 240px;
  overflow: auto;
}
.deft-player th,
.deft-player td {
  padding: 1px 8px;
  text-align: left;
  color: var(--deft-ink);
  border-bottom: 1px solid var(--deft-faint);
}
.deft-player kbd {
  padding: 0 4px;
  font: inherit;
  color: var(--deft-ink);
  background: none;
  border: 1px solid var(--deft-line);
  border-radius: 3px;
  box-shadow: none;
}
@media (prefers-reduced-motion: no-preference) {
  .deft-player .cell.changed,
  .deft-player .frame {
    animation: deft-appear 0.35s ease-out;
  }
}
@keyframes deft-appear {
  from {
    stroke-width: 7px;
    stroke-opacity: 0.2;
  }
}
.deft-kernel {
  display: grid;
  grid-template-columns: minmax(0, 1.35fr) minmax(0, 1fr);
  gap: 8px;
  margin: 4px 0 6px;
}
.deft-source,
.deft-variables {
  height: 300px;
  overflow: auto;
  border: 1px solid var(--deft-faint);
  border-radius: 4px;
}
.deft-where {
  position: sticky;
  top: 0;
  left: 0;
  z-index: 1;
  margin: 0;
  padding: 2px 8px;
  font-size: 11px;
  color: var(--deft-muted);
  background: var(--deft-bg);
  border-bottom: 1px solid var(--deft-faint);
}
.deft-source ol {
  width: max-content;
  min-width: 100%;
  margin: 0;
  padding: 0;
  list-style: none;
}
.deft-source li {
  display: flex;
  margin: 0;
  padding: 0 8px 0 0;
  font: 11.5px/1.5 ui-monospace, "DejaVu Sans Mono", monospace;
  border-left: 3px solid transparent;
}
.deft-source li.now {
  background: var(--deft-faint);
  border-left-color: #d55e00;
}
.deft-source li.now code {
  font-weight: 600;
}
.deft-source code {
  padding: 0;
  font: inherit;
  white-space: pre;
  color: var(--deft-ink);
  background: none;
}
.deft-source .deft-comment {
  font-weight: 400;
  color: var(--deft-muted);
}
.deft-player button.deft-line {
  flex: none;
  width: 34px;
  min-height: 0;
  padding: 0 8px 0 0;
  text-align: right;
  font-size: 11px;
  color: var(--deft-muted);
  background: none;
  border: 0;
  border-radius: 0;
}
.deft-player .deft-variables table {
  width: 100%;
  margin: 0;
}
.deft-player .deft-variables th {
  width: 1%;
  vertical-align: top;
  font-weight: 600;
  white-space: nowrap;
  border-left: 3px solid transparent;
}
.deft-player .deft-variables td {
  font: 11px/1.45 ui-monospace, "DejaVu Sans Mono", monospace;
  white-space: nowrap;
}
.deft-player .deft-variables tr.now th,
.deft-player .deft-variables tr.now td {
  background: var(--deft-faint);
}
.deft-player .deft-variables tr.now th {
  border-left-color: #d55e00;
}
.deft-player .deft-kind {
  display: block;
  font-size: 10px;
  font-weight: 400;
  color: var(--deft-muted);
}
.deft-transport input[type="text"] {
  flex: 1 1 180px;
  max-width: 320px;
  font-family: ui-monospace, "DejaVu Sans Mono", monospace;
}
.deft-player .deft-hint {
  color: var(--deft-muted);
}
.deft-player .deft-refused {
  flex-basis: 100%;
  color: var(--deft-bad);
}
@container deft (max-width: 620px) {
  .deft-ticks {
    display: none; /* "Go to" names the marks */
  }
  .deft-kernel {
    grid-template-columns: minmax(0, 1fr);
  }
  .deft-source,
  .deft-variables {
    height: 210px;
  }
}
`;var Ke=[.5,1,2,4],ze=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["Home End","first and last"],["1 \u2026 9","chapters"],["P","play or pause"]];function le({id:e,title:t,frames:n,parts:r,columns:a,sheet:o,height:s,step:l,playing:u,speed:_,wait:p,theme:d,moves:c,aside:i,below:h,jumps:k={}}){let y=n[l];return f("section",{class:"deft deft-player","data-theme":d,tabIndex:0,"aria-label":`${t}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:c.key},f("style",null,Se),f("h3",null,t),f(Be,{frames:n,frame:y,moves:c}),f("div",{class:"deft-said",role:"status","aria-live":u?"off":"polite"},f("p",{class:"deft-sentence"},y.sentence),y.formula?f("pre",{class:"deft-formula"},y.formula):null,p===null?null:f("p",{class:"deft-wait"},"A prediction is waiting for this step. Enter your number first, or press once more to go on without one.")),i??null,f(He,{id:e,frame:y,parts:r,sheet:o,height:s}),f(Ve,{id:e,frames:n,step:l,moves:c}),f(Fe,{id:e,frames:n,frame:y,step:l,playing:u,speed:_,moves:c,jumps:k}),h??null,f(qe,{frame:y,parts:r,columns:a}),f("details",null,f("summary",null,"Keys"),f("p",null,[...ze,...Object.values(k).map(({key:b,title:g})=>[b.toUpperCase(),g])].flatMap(([b,g],w)=>[w?", ":"",f("kbd",null,b),` ${g}`]),"; they work while the player has the focus.")))}function Be({frames:e,frame:t,moves:n}){let r=ee(e);return r.length<2?null:f("nav",{class:"deft-chapters","aria-label":"Chapters"},r.map(([a,o],s)=>f("button",{key:a,type:"button","aria-current":String(a===t.chapter),onClick:l=>n.go(o,l)},s<9?`${s+1} ${a}`:a)))}function He({id:e,frame:t,parts:n,sheet:r,height:a}){let o=t.picture.map(s=>n[s]).join("").replaceAll("@@",e);return f("div",{class:"deft-stage",tabIndex:0,role:"region","aria-label":"Picture"},f("svg",{class:"deft-fig",role:"img",viewBox:`0 0 800 ${a}`,"aria-label":`${t.sentence} ${t.formula}`,dangerouslySetInnerHTML:{__html:`<style>${r}</style><rect class="bg" width="100%" height="100%"/>${o}`}}))}function Ve({id:e,frames:t,step:n,moves:r}){let a=Math.max(1,t.length-1),o=-100,s=te(t).map(([l,u])=>{let _=100*u/a,p=l.length*.62*10.5*50/800,d=_-p<o;d||(o=_+p+1);let c=_-p<0?"translateX(-8px)":_+p>100?"translateX(calc(8px - 100%))":void 0;return f("span",{key:u,class:d?"far":"",title:l,style:{left:`${_}%`,transform:d?void 0:c},onClick:i=>r.go(u,i)},l)});return f("div",{class:"deft-scrub"},f("input",{type:"range",min:0,max:t.length-1,value:n,"aria-label":"Step",id:`${e}-scrub`,"aria-valuetext":`step ${n} of ${t.length-1}, ${t[n].chapter}`,onInput:l=>r.go(l.target.valueAsNumber)}),f("div",{class:"deft-ticks","aria-hidden":"true"},s))}function Fe({id:e,frames:t,frame:n,step:r,playing:a,speed:o,moves:s,jumps:l}){let u=t.length-1,_=(d,c,i)=>f("button",{type:"button","aria-label":d,title:d,disabled:i===r,onClick:h=>s.go(i,h)},c),p=te(t);return f("div",{class:"deft-transport"},_("First step","|\u25C0",0),_("Step before","\u25C0",Math.max(0,r-1)),f("button",{type:"button",onClick:s.play,"aria-pressed":String(a)},a?"\u275A\u275A Pause":"\u25B6 Play"),_("Next step","\u25B6",Math.min(u,r+1)),_("Last step","\u25B6|",u),Object.entries(l).filter(([,d])=>d.label).map(([d,c])=>f("button",{key:d,type:"button",title:`${c.title} (${c.key.toUpperCase()})`,onClick:i=>s.jump(d,i)},c.label)),f("label",{for:`${e}-speed`},"Speed"),f("select",{id:`${e}-speed`,onChange:d=>s.speed(Number(d.target.value))},Ke.map(d=>f("option",{value:d,selected:d===o},`${d}\xD7`))),p.length?f("label",{for:`${e}-marks`},"Go to"):null,p.length?f("select",{id:`${e}-marks`,onChange:d=>s.go(Number(d.target.value))},f("option",{value:r,selected:!n.mark},"\u2026"),p.map(([d,c])=>f("option",{value:c,selected:c===r},d))):null,f("span",{class:"deft-count"},`step ${r} of ${u}`,n.bytes?`, ${n.bytes} so far`:""))}function qe({frame:e,parts:t,columns:n}){if(!e.rows.length)return null;let r=`<thead><tr>${n[e.columns].map(o=>`<th scope="col">${Xe(o)}</th>`).join("")}</tr></thead>`,a=e.rows.map(o=>`<tr>${t[o]}</tr>`).join("");return f("details",null,f("summary",null,"Numbers of this step"),f("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Numbers of this step"},f("table",{dangerouslySetInnerHTML:{__html:`${r}<tbody>${a}</tbody>`}})))}var Xe=e=>e.replaceAll("&","&amp;").replaceAll("<","&lt;").replaceAll(">","&gt;");var Ce=["title","frames","parts","columns","sheet","height","step","held","theme"],Me=1400;function ie({model:e,el:t},n=()=>({}),r=[]){let a=`deft-player-${Math.random().toString(36).slice(2)}`,[o,s,l,u,_]=[!1,1,null,null,null],p=m=>e.get(m),d=()=>n(e,b,a);function c(m){let $=ae(p("step"),m,p("held"),l);$.wait!==null&&(h(),e.send({type:"look"})),[l,u]=[$.wait,m],$.step!==p("step")&&(e.set("step",$.step),e.save_changes()),g()}function i(){p("step")>=p("frames").length-1?h():c(p("step")+1),d().stops?.includes(p("step"))&&h()}function h(){clearInterval(_),[o,_]=[!1,null],g()}function k(){if(o)return h();p("step")===p("frames").length-1&&c(0),o=!0,_=setInterval(i,Me/s),g()}let y=m=>m?.detail&&t.querySelector(".deft-player")?.focus({preventScroll:!0}),b={go(m,$){c(m),y($)},jump(m,$){c(re(d().jumps[m],p("step"),$.shiftKey)),y($)},play(m){k(),y(m)},speed(m){s=m,o&&(clearInterval(_),_=setInterval(i,Me/s)),g()},key(m){let $=m.target.tagName;if($==="SELECT"||m.target.type==="text"||m.target.tagName==="TEXTAREA"||($==="BUTTON"||$==="SUMMARY")&&m.key===" "||m.target.classList.contains("deft-scrolls")&&/^(Arrow(Up|Down)|Home|End)$/.test(m.key))return;let P=m.key.toLowerCase()==="p"&&!m.ctrlKey&&!m.metaKey&&!m.altKey,C=P?null:oe(m,p("step"),p("frames"),d().jumps);!P&&C===null||(m.preventDefault(),m.stopPropagation(),P?k():c(C))},draw:()=>g()};function g(){let m=Object.fromEntries(Ce.map($=>[$,p($)]));Z(f(le,{id:a,...m,playing:o,speed:s,wait:l,moves:b,...d()}),t)}function w(){l!==null&&!p("held").includes(l)&&c(u),g()}let x=[...Ce,...r].filter(m=>m!=="held").map(m=>`change:${m}`);return x.forEach(m=>e.on(m,g)),e.on("change:held",w),g(),()=>{clearInterval(_),x.forEach(m=>e.off(m,g)),e.off("change:held",w),Z(null,t)}}var Pe=["listing","lines","jumps","breakpoint","hits","refusal","answered"];function Ge(e,t,n){let[r,a,o,s,l,u,_]=Pe.map(c=>e.get(c)),p=e.get("step"),d={line:(c,i,h)=>t.go(ke(a,p,c,i,h.shiftKey),h),stop:(c,i)=>t.go(ne(l,p,c),i),stopWhen(c){e.set("breakpoint",c),e.save_changes()}};return{jumps:{...o,over:{key:"o",label:"Step over",title:"step over a helper",to:(c,i)=>xe(a,c,i)},stop:{key:"b",label:"",title:"next breakpoint",steps:l}},stops:l,aside:f(ve,{listing:r,lines:a,parts:e.get("parts"),step:p,moves:d}),below:f($e,{id:n,breakpoint:s,hits:l,refusal:u,answered:_,step:p,moves:d})}}var dt={render:e=>e.model.get("listing")?.length?ie(e,Ge,Pe):ie(e)};export{le as Player,dt as default,ae as heldAt,Ge as kernel,ke as lineOf,xe as overOf,oe as targetOf};
