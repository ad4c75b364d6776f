// sources core/keys.js player/kernel.js player/moves.js player/player.css player/player.js player/run.js widgets/player.js build.mjs package-lock.json sha256 d2e9300cecce20ec
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var x,_e,Me,T,F,K,ce,j,ue,V,q,Ee,N=Symbol.for("pv"),B={},H=[],Ie=/^m(i|n|o|s|text|space)$/,X=Array.isArray,G=H.slice,O=Object.assign;function I(e){e&&e.parentNode&&e.remove()}function p(e,t,n){var r,a,o,i={},s=arguments.length;for(o in t)o=="key"?r=t[o]:o=="ref"&&typeof e!="function"?a=t[o]:i[o]=t[o];return s>2&&(i.children=s>3?G.call(arguments,2):n),L(e,i,r,a,null)}function L(e,t,n,r,a){var o={type:e,props:t,key:n,ref:r,__k:null,__:null,__b:0,__e:null,__c:null,constructor:N,__v:a||++_e,__i:-1,__u:0};return!a&&x.vnode&&x.vnode(o),o}function z(e){return e.children}function W(e,t){this.props=e,this.context=t,this.__g=0}function A(e,t){if(t==null)return e.__&&A(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;return typeof e.type!="function"||e.props.__P?null:A(e)}function Oe(e){var t,n=e.__v,r=n.__e,a=[],o=[],i=e.__P;i&&((t=O({constructor:N},n)).__v=n.__v+1,x.vnode&&x.vnode(t),Y(i,t,n,e.__n,i.namespaceURI,32&n.__u?[r]:null,a,r||A(n),32&n.__u,o),t.__v=n.__v,t.__.__k[t.__i]=t,be(a,t,o),n.__=n.__e=null,t.__e!=r&&de(t))}function de(e){if((e=e.__)&&e.__c&&!e.props.__P)return e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),de(e)}function fe(e){(8&e.__g||(e.__g|=8,T.push(e),K++))&&F==x.debounceRendering||((F=x.debounceRendering)||queueMicrotask)(he)}function he(){try{for(var e,t=1;T.length;)T.length>t&&T.sort(ce),e=T.shift(),t=T.length,8&e.__g&&Oe(e)}finally{(K=T.length)&&(F||queueMicrotask)(he)}}function ge(e,t,n,r,a,o,i,s,c,d,f){var u,_,l,h,v,m,b=r.__k||H,g=t.length;for(c=Ue(n,t,b,c,g),u=0;u<g;u++)(l=n.__k[u])!=null&&(_=~l.__i&&b[l.__i]||B,l.__i=u,m=Y(e,l,_,a,o,i,s,c,d,f),h=l.__e,(_.ref!=l.ref||8&_.__u)&&(_.ref&&J(_.ref,null,l,_),l.ref&&f.push(l.ref,l.__c||h,l)),v=v||h,4&l.__u?(c=me(l,c,e,!_.__v),_.__e&&(_.__e=null)):typeof l.type=="function"&&m!==void 0?c=m:h&&(c=h.nextSibling),l.__u&=-21);return n.__e=v,c}function Ue(e,t,n,r,a){var o,i,s,c,d,f,u,_,l,h=n.length,v=h,m=0,b=0,g=e.__k=Array(a);for(o=0;o<a;o++)(i=t[o])!=null&&typeof i!="boolean"&&typeof i!="function"?(typeof i!="object"||i.constructor===String?i=g[o]=L(null,i):X(i)?i=g[o]=L(z,{children:i}):i.constructor===N&&i.__b?i=g[o]=L(i.type,i.props,i.key,i.ref,i.__v):g[o]=i,c=o+m,i.__=e,i.__b=e.__b+1,s=null,~(d=i.__i=Le(i,n,c,v))&&(v--,(s=n[d])&&(s.__u|=2)),s&&s.__v?(i.__u|=16,d==c-1?m--:d==c+1?m++:d!=c&&(d>c?m--:m++,b=1)):(~d||(a>h?m--:a<h&&m++),typeof i.type!="function"&&(i.__u|=4))):g[o]=null;if(b){for(f=[],u=[],o=0;o<a;o++)if((i=g[o])&&16&i.__u){for(m=0,_=f.length;m<_;)f[l=m+_>>1]<i.__i?m=l+1:_=l;f[m]=i.__i,u[o]=m+1}for(m=f.length;o--;)u[o]&&(u[o]==m?m--:g[o].__u|=4)}if(v)for(o=0;o<h;o++)!(s=n[o])||2&s.__u||(s.__e==r&&(r=A(s)),Q(s,s));return r}function me(e,t,n,r){var a,o,i,s;if(typeof e.type=="function"){if(e.props.__P)return t;if(a=e.__k)for(o=0;o<a.length;o++)a[o]&&(a[o].__=e,t=me(a[o],t,n,!1));return t}for(t&&!t.parentNode&&(t=A(e))&&!t.parentNode&&(t=null),i=e.__e,s=t;s&&s.nodeType==8;)s=s.nextSibling;for(i!=s&&(!r&&n.moveBefore&&i.parentNode?n.moveBefore(i,t):n.insertBefore(i,t||null)),t=i;(t=t&&t.nextSibling)&&t.nodeType==8&&!t.data.startsWith("$s"););return t}function Le(e,t,n,r){var a,o=e.key,i=e.type,s=t[n],c=s&&!(2&s.__u);if(s===null&&o==null||c&&o==s.key&&i==s.type)return n;if(r>(c?1:0)){for(a=n-1;a>=0;a--)if((s=t[a])&&!(2&s.__u)&&o==s.key&&i==s.type)return a;for(a=n+1;a<t.length;a++)if((s=t[a])&&!(2&s.__u)&&o==s.key&&i==s.type)return a}return-1}function pe(e,t,n){n==null&&(n=""),t[0]=="-"?e.setProperty(t,n):e[t]=n}function D(e,t,n,r,a){var o,i;if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof r=="string"&&(e.style.cssText=r=""),r)for(t in r)n&&t in n||pe(e.style,t);if(n)for(t in n)r&&n[t]==r[t]||pe(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")typeof n!="function"&&(n=null),typeof r!="function"&&(r=null),(e.__e||(e.__e={}))[t]=n,n&&r||(i=q[t]||(q[t]=Ne(t)),(e.__a||(e.__a={}))[t]=V,o=t!=(t=t.replace(ue,"$1")),(t=t.slice(2))[0]<"a"&&(t=t.toLowerCase()),n?e.addEventListener(t,i,o):e.removeEventListener(t,i,o));else{if(a=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{return void(e[t]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n)}}function Ne(e){return function(t){var n=this.__e;if(n){if(n=n[e],t[j]==null)t[j]=V++;else if(t[j]<this.__a[e])return;return n(x.event?x.event(t):t)}}}function Y(e,t,n,r,a,o,i,s,c,d){var f,u,_,l,h,v,m,b,g,w,k,y,$,U,M,ie,P,E,C=t.type;if(t.constructor!==N)return null;128&n.__u&&(c=32&n.__u,f=n.__c.__z)&&(t.__u|=c,u=o=[],f.nodeType==8?s=R(f,o):o.push(f),s=o[0]||s),(f=x.__b)&&f(t);e:if(typeof C=="function"){_=i.length;try{if(b=t.props,g=(f=C.prototype)&&f.render,w=(f=C.contextType)&&r[f.__c],k=f?w?w.props.value:f.__:r,(l=n.__c)?(t.__c=l,2&l.__g&&(l.__g|=1)):(g?t.__c=l=new C(b,k):(t.__c=l=new W(b,k),l.constructor=C,l.render=je),w&&w.sub(l),l.state||(l.state={}),l.__n=r,l.__g|=8,l.__h=[],l.__k=[]),g&&(l.__s||(l.__s=l.state),C.getDerivedStateFromProps&&(l.__s==l.state&&(l.__s=O({},l.__s)),O(l.__s,C.getDerivedStateFromProps(b,l.__s)))),h=l.props,v=l.state,l.__v=t,n.__c){if(b!==h&&g&&!C.getDerivedStateFromProps&&l.componentWillReceiveProps&&l.componentWillReceiveProps(b,k),t.__v==n.__v&&!(8&l.__g)||!(4&l.__g)&&l.shouldComponentUpdate&&l.shouldComponentUpdate(b,l.__s,k)===!1){t.__v!=n.__v&&(l.props=b,l.state=l.__s,l.__g&=-9),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(S){S&&(S.__=t)}),H.push.apply(l.__h,l.__k),l.__k=[],l.__h.length&&i.push(l),s=A(n);break e}l.componentWillUpdate&&l.componentWillUpdate(b,l.__s,k),g&&l.componentDidUpdate&&l.__h.push(function(){l.componentDidUpdate(h,v,m)})}else g&&!C.getDerivedStateFromProps&&l.componentWillMount&&l.componentWillMount(),g&&l.componentDidMount&&l.__h.push(l.componentDidMount);l.context=k,l.props=b,l.__P=e,l.__g&=-5,y=x.__r,$=g?25:0;do l.__g&=-9,y&&y(t),f=l.render(l.props,l.state=l.__s,l.context);while(8&l.__g&&++$<25);g&&(H.push.apply(l.__h,l.__k),l.__k=[]),l.state=l.__s,l.getChildContext&&(r=O({},r,l.getChildContext())),g&&n.__c&&l.getSnapshotBeforeUpdate&&(m=l.getSnapshotBeforeUpdate(h,v)),U=f&&f.type===z&&f.key==null?f.props.children:f,b.__P&&(f=s,a=(e=b.__P).namespaceURI,c=o=null,n.props&&n.props.__P!=e&&(n.__k.some(function(S){S&&Q(S,S)}),n.__k=null),s=n.__k?A(n,0):null),s=ge(e,X(U)?U:[U],t,n,r,a,o,i,s,c,d),b.__P&&(t.__e=null,s=f),t.__u&=-161,u&&u.some(I),l.__h.length&&i.push(l),1&l.__g&&(l.__g&=-4)}catch(S){if(i.length=_,t.__v=null,c||o)if(S&&S.then){if(t.__u|=128|c,o){for(~(P=o.indexOf(s||void 0))||(P=o.length);(E=o[P-1])&&E.nodeType==8;)P--;for(;P<o.length;P++)if(E=o[P])if(o[P]=null,M){if(E==ie)break}else{if(E.nodeType!=8)break;E.data.startsWith("$s")&&(ie=R(M=E))}}if(!M){for(;s&&s.nodeType==8&&s.nextSibling;)s=s.nextSibling;M=s}(f=R(M=t.__c.__z||(t.__c.__z=M)))?(t.__e=M,s=f):t.__e=s,s=s&&s.nextSibling}else o&&o.some(I);else t.__e=n.__e;t.__k||(t.__k=n.__k||[]),S&&S.then||ye(t),x.__e(S,t,n)}}else s=t.__e=De(n.__e,t,n,r,a,o,i,c,d,e);return(f=x.diffed)&&f(t),s}function R(e,t){if(e&&e.nodeType==8&&e.data.startsWith("$s"))for(var n=1;e=e.nextSibling;){if(e.nodeType==8){if(e.data.startsWith("$s"))n++;else if(e.data.startsWith("/$s")&&!--n)return e}t&&t.push(e)}}function ye(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(ye))}function be(e,t,n){for(var r=0;r<n.length;)J(n[r++],n[r++],n[r++]);x.__c&&x.__c(t,e),e.some(function(a){try{e=a.__h,a.__h=[],e.some(function(o){o.call(a)})}catch(o){x.__e(o,a.__v)}})}function De(e,t,n,r,a,o,i,s,c,d){var f,u,_,l,h,v,m,b,g=n.props||B,w=t.props,k=t.type;if(k=="svg"?a="http://www.w3.org/2000/svg":k=="math"?a="http://www.w3.org/1998/Math/MathML":a||(a="http://www.w3.org/1999/xhtml"),o){for(f=0;f<o.length;f++)if((h=o[f])&&(k?h.localName==k:h.nodeType==3)){e=h,o[f]=null;break}}if(!e){if(b=d.ownerDocument||document,!k)return b.createTextNode(w);e=b.createElementNS(a,k,w.is?w:d),s&&(x.__m&&x.__m(t,o),s=!1),o=null}if(k){if(d=k=="template"&&e.content||e,o=k=="textarea"&&w.defaultValue!=null?null:o&&G.call(d.childNodes),!s&&o)for(g={},f=0;f<e.attributes.length;f++)g[(h=e.attributes[f]).name]=h.value;for(f in g)h=g[f],f=="dangerouslySetInnerHTML"?_=h:f=="children"||f in w||f=="value"&&"defaultValue"in w||f=="checked"&&"defaultChecked"in w||D(e,f,null,h,a);for(f in w)h=w[f],f=="children"?l=h:f=="dangerouslySetInnerHTML"?u=h:f=="value"?v=h:f=="checked"?m=h:s&&typeof h!="function"||g[f]===h||D(e,f,h,g[f],a);u?(s||_&&(u.__html==_.__html||u.__html==e.innerHTML)||(e.innerHTML=u.__html),t.__k=[]):(_&&(e.textContent=""),(k=="foreignObject"||a=="http://www.w3.org/1998/Math/MathML"&&Ie.test(k))&&(a="http://www.w3.org/1999/xhtml"),ge(d,X(l)?l:[l],t,n,r,a,o,i,o?o[0]:n.__k&&A(n,0),s,c),o&&o.some(I)),s&&k!="textarea"||(f="value",k=="progress"&&v==null?e.removeAttribute(f):v==null||v===e[f]&&(k!="progress"||v)||D(e,f,v,g[f],a),f="checked",m!=null&&m!=e[f]&&D(e,f,m,g[f],a))}else g===w||s&&e.data==w||(e.data=w);return e}function J(e,t,n,r){try{typeof e=="function"?t?t.__x=e(t)||1:r&&(r=r.__c||r.__e)&&(t=r.__x)&&(r.__x=null,typeof t=="function"?t():e(null)):e.current=t}catch(a){x.__e(a,n)}}function Q(e,t,n){var r,a,o,i;if(x.unmount&&x.unmount(e),!(r=e.ref)||r.current&&r.current!=e.__e||J(r,null,t,e),r=e.__c){if(r.componentWillUnmount)try{r.componentWillUnmount()}catch(s){x.__e(s,t)}r.__P=r.__n=null}if(r=e.__k)for(i=0;i<r.length;i++)r[i]&&Q(r[i],t,typeof e.type!="function"||n&&!e.props.__P);!n&&(r=e.__c)&&(r=r.__z)&&(a=R(r,o=[]))&&(r==e.__e&&o.some(I),I(a),I(r)),n||I(e.__e),e.__e=e.__c=e.__=null}function je(e,t,n){return this.constructor(e,n)}function Z(e,t){var n,r,a,o;x.__&&x.__(e,t),t.nodeType==9&&(t=t.documentElement),r=(n=e&&32&e.__u)?null:t.__k,t.__k=L(z,{children:[e]}),a=[],o=[],Y(t,t.__k,r||B,B,t.namespaceURI,r?null:t.firstChild?G.call(t.childNodes):null,a,r?r.__e:t.firstChild,n,o),be(a,t.__k,o),t.__k.props.children=null}x={__e:function(e,t,n,r){for(var a,o,i;t=t.__;)if((a=t.__c)&&!(1&a.__g)){a.__g|=4;try{if((i=(o=a.constructor)&&o.getDerivedStateFromError)&&a.setState(o.getDerivedStateFromError(e)),a.componentDidCatch&&(a.componentDidCatch(e,r||{}),i=1),i&&8&a.__g)return void(a.__g|=2)}catch(s){e=s}}throw K=0,e}},_e=0,Me=function(e){return e!=null&&e.constructor===N},W.prototype.setState=function(e,t){var n=this.__s;n&&n!=this.state||(n=this.__s=O({},this.state)),typeof e=="function"&&(e=e(O({},n),this.props)),e&&(O(n,e),this.__v&&(t&&this.__k.push(t),fe(this)))},W.prototype.forceUpdate=function(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),fe(this))},W.prototype.render=z,T=[],K=0,ce=function(e,t){return e.__v.__b-t.__v.__b},j=Symbol(),ue=/(PointerCapture)$|Capture$/i,V=0,q={},Ee=0;function ke(e,t,n=!1){let r=e[t][2],a=n?-1:1,o=t+a;for(;e[o]&&e[o][2]>r;)o+=a;return e[o]?o:t}function ve(e,t,n,r,a=!1){let o=([s,c])=>s===n&&c===r,i=a?e.slice(0,t).findLastIndex(o):e.findIndex((s,c)=>c>t&&o(s));return i<0?t:i}function xe({listing:e,lines:t,parts:n,step:r,moves:a}){let[o,i,,s,c]=t[r];return p("div",{class:"deft-kernel"},p(We,{listing:e[o],fn:o,line:i,moves:a}),p(Re,{rows:s,changed:c,parts:n,name:e[o].name}))}function We({listing:e,fn:t,line:n,moves:r}){return p("div",{class:"deft-source deft-scrolls",tabIndex:0,role:"region","aria-label":`Source of ${e.name}, line ${n}`},p("p",{class:"deft-where"},`${e.file}: ${e.name}`),p("ol",{start:e.first},e.lines.map((a,o)=>{let i=e.first+o,s=i===n,[c,...d]=a.split(/(?=(?:^|\s)#)/);return p("li",{key:i,class:s?"now":"","aria-current":s?"step":void 0,ref:s?we:void 0},p("button",{type:"button",class:"deft-line",tabIndex:-1,title:"run to this line; with Shift, back to it","aria-label":`Run to line ${i}`,onClick:f=>r.line(t,i,f)},i),p("code",null,c,d.length?p("span",{class:"deft-comment"},d.join("")):null))})))}function Re({rows:e,changed:t,parts:n,name:r}){let a=new Set(t),o=e.map((s,c)=>`<tr class="${a.has(c)?"now":""}">${n[s]}</tr>`).join(""),i=s=>s&&we(s.querySelector("tr.now"));return p("div",{class:"deft-variables deft-scrolls",tabIndex:0,role:"region","aria-label":`Variables of ${r}`},p("p",{class:"deft-where"},`variables of ${r}; marked: changed by this line`),p("table",{ref:i,key:o,dangerouslySetInnerHTML:{__html:`<tbody>${o}</tbody>`}}))}function we(e){let t=e?.closest(".deft-scrolls");t&&requestAnimationFrame(()=>{let[n,r]=[e.getBoundingClientRect(),t.getBoundingClientRect()],a=r.height/3;n.top<r.top+24?t.scrollTop-=r.top-n.top+a:n.bottom>r.bottom&&(t.scrollTop+=n.bottom-r.bottom+a)})}function $e({id:e,breakpoint:t,hits:n,refusal:r,answered:a,step:o,moves:i}){let s=n.filter(f=>f>o).length,d=(t!==a?"asking Python, which must be running":"")||r||(t?`${n.length} ${n.length===1?"stop":"stops"}, ${s} ahead`:'such as node(3) and loads("k")');return p("div",{class:"deft-transport"},p("label",{for:`${e}-stop`},"Stop when"),p("input",{id:`${e}-stop`,type:"text",value:t,spellcheck:!1,"aria-describedby":`${e}-stops`,placeholder:"first == 4",onKeyDown:f=>f.key==="Enter"&&i.stopWhen(f.target.value),onBlur:f=>i.stopWhen(f.target.value)}),p("button",{type:"button",disabled:!n.some(f=>f<o),onClick:f=>i.stop(!0,f)},"\u25C0 stop"),p("button",{type:"button",disabled:!s,onClick:f=>i.stop(!1,f)},"stop \u25B6"),p("span",{id:`${e}-stops`,role:"status",class:r?"deft-refused":"deft-hint"},d))}function ee(e){let t=new Map;return e.forEach((n,r)=>t.has(n.chapter)||t.set(n.chapter,r)),[...t]}var te=e=>e.flatMap((t,n)=>t.mark?[[t.mark,n]]:[]);function ne(e,t,n=!1){return(n?e.findLast(a=>a<t):e.find(a=>a>t))??t}function oe(e,t,n,r={}){let a=n.length-1;if(e.ctrlKey||e.metaKey||e.altKey)return null;let o=s=>Math.max(0,Math.min(a,s));if(e.key===" ")return o(t+(e.shiftKey?-1:1));if(e.key==="ArrowRight"||e.key==="ArrowDown")return o(t+1);if(e.key==="ArrowLeft"||e.key==="ArrowUp")return o(t-1);if(e.key==="Home")return 0;if(e.key==="End")return a;if(/^[1-9]$/.test(e.key))return ee(n)[Number(e.key)-1]?.[1]??null;let i=Object.values(r).find(({key:s})=>s===e.key.toLowerCase());return i?re(i,t,e.shiftKey):null}var re=(e,t,n)=>e.to?e.to(t,n):ne(e.steps,t,n);function ae(e,t,n,r=null){let a=n.find(o=>o>e&&o<=t&&o!==r);return a===void 0?{step:t,wait:null}:{step:a-1,wait:a}}function Se(e,t,{play:n,move:r,targetOf:a}){let o=e.key.toLowerCase()==="p"&&!e.ctrlKey&&!e.metaKey&&!e.altKey,i=e.key==="?",s=o||i?null:a(e);!o&&!i&&s===null||(e.preventDefault(),e.stopPropagation(),i?t.querySelector(".deft-keys").toggleAttribute("open"):o?n():r(s))}var Ce=`/* the step players: what a step says, its picture, and beside a kernel's its source and variables */
.deft-player {
  max-width: 860px;
}
.deft-player h3 {
  margin-bottom: 6px;
}
.deft-chapters {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin: 0 0 8px;
}
.deft-chapters button[aria-current="true"],
.deft-player .deft-chapters button[aria-current="true"]:hover {
  font-weight: 600;
  color: var(--deft-bg);
  background: var(--deft-ink);
  border-color: var(--deft-ink);
}
.deft-said {
  min-height: 7.4em;
}
.deft-player .deft-sentence {
  margin-bottom: 3px;
}
.deft-player pre.deft-formula {
  margin: 0;
  padding: 0;
  color: var(--deft-muted);
  background: none;
  border: 0;
  font: 12px/1.45 var(--deft-mono);
  white-space: pre-wrap;
}
.deft-wait {
  margin: 4px 0 0;
  padding: 3px 8px;
  border-left: 3px solid var(--deft-mark);
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
.deft-player :is(.deft-scrub, .deft-transport) {
  margin-top: 6px;
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
.deft-player .deft-transport label {
  color: var(--deft-muted);
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
  font: 11.5px/1.5 var(--deft-mono);
  border-left: 3px solid transparent;
}
.deft-source li.now {
  background: var(--deft-faint);
  border-left-color: var(--deft-mark);
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
  font: 11px/1.45 var(--deft-mono);
  white-space: nowrap;
}
.deft-player .deft-variables tr.now th,
.deft-player .deft-variables tr.now td {
  background: var(--deft-faint);
}
.deft-player .deft-variables tr.now th {
  border-left-color: var(--deft-mark);
}
.deft-player .deft-kind {
  display: block;
  font-size: 10px;
  font-weight: 400;
  color: var(--deft-muted);
}
.deft-player .deft-transport input[type="text"] {
  flex: 1 1 180px;
  max-width: 320px;
  font-family: var(--deft-mono);
}
.deft-player .deft-transport .deft-hint {
  color: var(--deft-muted);
}
.deft-player .deft-refused {
  flex-basis: 100%;
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
`;var Be=[.5,1,2,4],He=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["Home End","first and last"],["1 \u2026 9","chapters"],["P","play or pause"],["?","these keys"]];function se({id:e,title:t,frames:n,parts:r,columns:a,sheet:o,height:i,step:s,playing:c,speed:d,wait:f,theme:u,moves:_,aside:l,below:h,jumps:v={}}){let m=n[s];return p("section",{class:"deft deft-played deft-player","data-theme":u,tabIndex:0,"aria-label":`${t}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:_.key},p("style",null,Ce),p("h3",null,t),p(ze,{frames:n,frame:m,moves:_}),p("div",{class:"deft-said",role:"status","aria-live":c?"off":"polite"},p("p",{class:"deft-sentence"},m.sentence),m.formula?p("pre",{class:"deft-formula"},m.formula):null,f===null?null:p("p",{class:"deft-wait"},"A prediction is waiting for this step. Enter your number first, or press once more to go on without one.")),l??null,p(Fe,{id:e,frame:m,parts:r,sheet:o,height:i}),p(qe,{id:e,frames:n,step:s,moves:_}),p(Ve,{id:e,frames:n,frame:m,step:s,playing:c,speed:d,moves:_,jumps:v}),h??null,p(Xe,{frame:m,parts:r,columns:a}),p("details",{class:"deft-keys"},p("summary",null,"Keys"),p("p",null,[...He,...Object.values(v).map(({key:b,title:g})=>[b.toUpperCase(),g])].flatMap(([b,g],w)=>[w?", ":"",p("kbd",null,b),` ${g}`]),"; they work while the player has the focus.")))}function ze({frames:e,frame:t,moves:n}){let r=ee(e);return r.length<2?null:p("nav",{class:"deft-chapters","aria-label":"Chapters"},r.map(([a,o],i)=>p("button",{key:a,type:"button","aria-current":String(a===t.chapter),onClick:s=>n.go(o,s)},i<9?`${i+1} ${a}`:a)))}function Fe({id:e,frame:t,parts:n,sheet:r,height:a}){let o=t.picture.map(i=>n[i]).join("").replaceAll("@@",e);return p("div",{class:"deft-stage",tabIndex:0,role:"region","aria-label":"Picture"},p("svg",{class:"deft-fig",role:"img",viewBox:`0 0 800 ${a}`,"aria-label":`${t.sentence} ${t.formula}`,dangerouslySetInnerHTML:{__html:`<style>${r}</style><rect class="bg" width="100%" height="100%"/>${o}`}}))}function qe({id:e,frames:t,step:n,moves:r}){let a=Math.max(1,t.length-1),o=-100,i=te(t).map(([s,c])=>{let d=100*c/a,f=s.length*.62*10.5*50/800,u=d-f<o;u||(o=d+f+1);let _=d-f<0?"translateX(-8px)":d+f>100?"translateX(calc(8px - 100%))":void 0;return p("span",{key:c,class:u?"far":"",title:s,style:{left:`${d}%`,transform:u?void 0:_},onClick:l=>r.go(c,l)},s)});return p("div",{class:"deft-scrub"},p("input",{type:"range",min:0,max:t.length-1,value:n,"aria-label":"Step",id:`${e}-scrub`,"aria-valuetext":`step ${n} of ${t.length-1}, ${t[n].chapter}`,onInput:s=>r.go(s.target.valueAsNumber)}),p("div",{class:"deft-ticks","aria-hidden":"true"},i))}function Ve({id:e,frames:t,frame:n,step:r,playing:a,speed:o,moves:i,jumps:s}){let c=t.length-1,d=(u,_,l)=>p("button",{type:"button","aria-label":u,title:u,disabled:l===r,onClick:h=>i.go(l,h)},_),f=te(t);return p("div",{class:"deft-transport"},d("First step","|\u25C0",0),d("Step before","\u25C0",Math.max(0,r-1)),p("button",{type:"button",onClick:i.play,"aria-pressed":String(a)},a?"\u275A\u275A Pause":"\u25B6 Play"),d("Next step","\u25B6",Math.min(c,r+1)),d("Last step","\u25B6|",c),Object.entries(s).filter(([,u])=>u.label).map(([u,_])=>p("button",{key:u,type:"button",title:`${_.title} (${_.key.toUpperCase()})`,onClick:l=>i.jump(u,l)},_.label)),p("label",{for:`${e}-speed`},"Speed"),p("select",{id:`${e}-speed`,onChange:u=>i.speed(Number(u.target.value))},Be.map(u=>p("option",{value:u,selected:u===o},`${u}\xD7`))),f.length?p("label",{for:`${e}-marks`},"Go to"):null,f.length?p("select",{id:`${e}-marks`,onChange:u=>i.go(Number(u.target.value))},p("option",{value:r,selected:!n.mark},"\u2026"),f.map(([u,_])=>p("option",{value:_,selected:_===r},u))):null,p("span",{class:"deft-count"},`step ${r} of ${c}`,n.bytes?`, ${n.bytes} so far`:""))}function Xe({frame:e,parts:t,columns:n}){if(!e.rows.length)return null;let r=`<thead><tr>${n[e.columns].map(o=>`<th scope="col">${Ge(o)}</th>`).join("")}</tr></thead>`,a=e.rows.map(o=>`<tr>${t[o]}</tr>`).join("");return p("details",null,p("summary",null,"Numbers of this step"),p("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Numbers of this step"},p("table",{dangerouslySetInnerHTML:{__html:`${r}<tbody>${a}</tbody>`}})))}var Ge=e=>e.replaceAll("&","&amp;").replaceAll("<","&lt;").replaceAll(">","&gt;");var Pe=["title","frames","parts","columns","sheet","height","step","held","theme"],Te=1400;function le({model:e,el:t},n=()=>({}),r=[]){let a=`deft-player-${Math.random().toString(36).slice(2)}`,[o,i,s,c,d]=[!1,1,null,null,null],f=y=>e.get(y),u=()=>n(e,b,a);function _(y){let $=ae(f("step"),y,f("held"),s);$.wait!==null&&(h(),e.send({type:"look"})),[s,c]=[$.wait,y],$.step!==f("step")&&(e.set("step",$.step),e.save_changes()),g()}function l(){f("step")>=f("frames").length-1?h():_(f("step")+1),u().stops?.includes(f("step"))&&h()}function h(){clearInterval(d),[o,d]=[!1,null],g()}function v(){if(o)return h();f("step")===f("frames").length-1&&_(0),o=!0,d=setInterval(l,Te/i),g()}let m=y=>y?.detail&&t.querySelector(".deft-player")?.focus({preventScroll:!0}),b={go(y,$){_(y),m($)},jump(y,$){_(re(u().jumps[y],f("step"),$.shiftKey)),m($)},play(y){v(),m(y)},speed(y){i=y,o&&(clearInterval(d),d=setInterval(l,Te/i)),g()},key(y){let $=y.target.tagName;$==="SELECT"||y.target.type==="text"||y.target.tagName==="TEXTAREA"||($==="BUTTON"||$==="SUMMARY")&&y.key===" "||y.target.classList.contains("deft-scrolls")&&/^(Arrow(Up|Down)|Home|End)$/.test(y.key)||Se(y,t,{play:v,move:_,targetOf:U=>oe(U,f("step"),f("frames"),u().jumps)})},draw:()=>g()};function g(){let y=Object.fromEntries(Pe.map($=>[$,f($)]));Z(p(se,{id:a,...y,playing:o,speed:i,wait:s,moves:b,...u()}),t)}function w(){s!==null&&!f("held").includes(s)&&_(c),g()}let k=[...Pe,...r].filter(y=>y!=="held").map(y=>`change:${y}`);return k.forEach(y=>e.on(y,g)),e.on("change:held",w),g(),()=>{clearInterval(d),k.forEach(y=>e.off(y,g)),e.off("change:held",w),Z(null,t)}}var Ae=["listing","lines","jumps","breakpoint","hits","refusal","answered"];function Ye(e,t,n){let[r,a,o,i,s,c,d]=Ae.map(_=>e.get(_)),f=e.get("step"),u={line:(_,l,h)=>t.go(ve(a,f,_,l,h.shiftKey),h),stop:(_,l)=>t.go(ne(s,f,_),l),stopWhen(_){e.set("breakpoint",_),e.save_changes()}};return{jumps:{...o,over:{key:"o",label:"Step over",title:"step over a helper",to:(_,l)=>ke(a,_,l)},stop:{key:"b",label:"",title:"next breakpoint",steps:s}},stops:s,aside:p(xe,{listing:r,lines:a,parts:e.get("parts"),step:f,moves:u}),below:p($e,{id:n,breakpoint:i,hits:s,refusal:c,answered:d,step:f,moves:u})}}var gt={render:e=>e.model.get("listing")?.length?le(e,Ye,Ae):le(e)};export{se as Player,gt as default,ae as heldAt,Ye as kernel,ve as lineOf,ke as overOf,oe as targetOf};
